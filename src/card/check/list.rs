//! The recipe of a judge that puts lists in order.

use toml::Spanned;

use super::Place;
use crate::card::CardError;
use crate::card::file::{CardFile, ListFile, PartialFile};
use crate::judging::protocol::{LABEL, ListRecipe};
use crate::judging::{self, OrderReading, Partial, Template};

impl Place<'_> {
    pub(super) fn list(&self, typed: &CardFile) -> Result<ListRecipe, CardError> {
        let question = self.question(&typed.prompt, self.reading(&typed.readout)?, &[0, 1])?;
        let list = typed
            .list
            .as_ref()
            .ok_or_else(|| self.error(typed.protocol.span(), "a `rank` judge needs `[list]`"))?;
        for (name, given) in [
            ("temperature", &typed.readout.temperature),
            ("least_coverage", &typed.readout.least_coverage),
        ] {
            if let Some(given) = given {
                let message = format!("`{name}` is no part of a `rank` judge, which reads text");
                return Err(self.error(given.span(), message));
            }
        }
        let span = list.span();
        let ListFile {
            places, partial, ..
        } = list.as_ref();
        let partial = match partial {
            PartialFile::Refuse => Partial::Refuse,
            PartialFile::Allow => Partial::Allow,
        };
        let places = places.iter().cloned().map(judging::Place::from).collect();
        let recipe = ListRecipe {
            question,
            item: self.item(list)?,
            reading: self.at(span.clone(), OrderReading::new(places, partial))?,
            most_items: list.as_ref().most_items,
        };
        self.at(span, recipe.check())
    }

    fn item(&self, list: &Spanned<ListFile>) -> Result<Template, CardError> {
        let ListFile { item, texts, .. } = list.as_ref();
        let mut names = self.text_names(texts)?;
        if let Some(label) = texts.iter().find(|name| name.as_ref() == LABEL) {
            let message = "`{label}` is the letter of the item; a text has another name";
            return Err(self.error(label.span(), message));
        }
        names.push(LABEL.to_owned());
        let template = self.at(item.span(), Template::parse(item.as_ref(), &names))?;
        for name in texts {
            if !template.texts().any(|quoted| quoted == name.as_ref()) {
                let message = format!("`{{{}}}` stands nowhere in the item", name.as_ref());
                return Err(self.error(name.span(), message));
            }
        }
        Ok(template)
    }
}

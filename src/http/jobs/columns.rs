//! A manifest as CSV: a header of known columns, and rows that are the items that lines of JSON would have been.

use std::borrow::Cow;

use super::lines::{TypedImage, TypedItem};
use crate::http::problem::{Code, Problem};

/// A column of CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Column {
    /// `id`.
    Id,
    /// `base64`, `path` or `url`, for an image by its place from 0: `path_2` is the second.
    Image(usize, Kind),
    /// `source_base64`, `source_path` or `source_url`, for the picture that the image was edited from.
    Source(Kind),
    /// `texts.NAME`.
    Text(String),
}

/// How an image is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Base64,
    Path,
    Url,
}

/// The columns that a header names.
///
/// # Errors
/// A name that is not known, or stands there twice.
pub(super) fn columns(record: &[u8]) -> Result<Vec<Column>, Problem> {
    let mut columns = Vec::new();
    for cell in cells(record)?.iter() {
        let name = text(cell)?.trim().to_owned();
        let column = column(&name).ok_or_else(|| {
            let clipped: String = name.chars().take(40).collect();
            Problem::new(Code::UnknownField, format!("the column `{clipped}` is not known"))
                .hint("known are `id`, `base64`, `path`, `url`, the same with `_1`, `_2` for several images or after `source_`, and `texts.NAME`")
        })?;
        if columns.contains(&column) {
            let detail = format!("the column `{name}` stands there twice");
            return Err(Problem::new(Code::DuplicateField, detail));
        }
        columns.push(column);
    }
    Ok(columns)
}

fn column(name: &str) -> Option<Column> {
    if name == "id" {
        return Some(Column::Id);
    }
    if let Some(text) = name.strip_prefix("texts.") {
        return (!text.is_empty()).then(|| Column::Text(text.to_owned()));
    }
    if let Some(kind) = name.strip_prefix("source_") {
        return Kind::from_name(kind).map(Column::Source);
    }
    let (kind, place) = match name.split_once('_') {
        None => (name, 1),
        Some((kind, place)) => (
            kind,
            place
                .parse()
                .ok()
                .filter(|place| (1..=1_024).contains(place))?,
        ),
    };
    Some(Column::Image(place - 1, Kind::from_name(kind)?))
}

impl Kind {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "base64" => Some(Kind::Base64),
            "path" => Some(Kind::Path),
            "url" => Some(Kind::Url),
            _ => None,
        }
    }
}

/// A row as the item that a line of JSON would have been; an empty cell is not there.
pub(super) fn row<'a>(record: &[u8], columns: &[Column]) -> Result<TypedItem<'a>, Problem> {
    let cells = cells(record)?;
    if cells.len() != columns.len() {
        let detail = format!(
            "{} cells where the header has {}",
            cells.len(),
            columns.len()
        );
        return Err(Problem::new(Code::InvalidValue, detail)
            .hint("quote cells that hold a comma, and check that no line is cut"));
    }
    let mut item = TypedItem::default();
    let mut images: Vec<TypedImage<'a>> = Vec::new();
    for (cell, column) in cells.iter().zip(columns) {
        let value = text(cell)?;
        if value.is_empty() {
            continue;
        }
        match column {
            Column::Id => item.id = Some(Cow::Owned(value.to_owned())),
            Column::Text(name) => {
                let texts = item.texts.get_or_insert_default();
                texts.insert(name.clone(), value.to_owned());
            }
            Column::Image(place, kind) => {
                if images.len() <= *place {
                    images.resize_with(place + 1, TypedImage::default);
                }
                images[*place].set(*kind, value);
            }
            Column::Source(kind) => item.source.get_or_insert_default().set(*kind, value),
        }
    }
    if images.len() == 1 {
        item.alone = images.remove(0);
    } else {
        item.images = Some(images);
    }
    Ok(item)
}

fn cells(record: &[u8]) -> Result<csv::ByteRecord, Problem> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .buffer_capacity(record.len().clamp(64, 64 << 10))
        .from_reader(record);
    let mut cells = csv::ByteRecord::new();
    match reader.read_byte_record(&mut cells) {
        Ok(_) => Ok(cells),
        Err(_) => Err(Problem::new(Code::InvalidValue, "the row is not CSV")),
    }
}

fn text(cell: &[u8]) -> Result<&str, Problem> {
    std::str::from_utf8(cell).map_err(|_| {
        Problem::new(Code::InvalidValue, "the text is not UTF-8").hint("save it as UTF-8")
    })
}

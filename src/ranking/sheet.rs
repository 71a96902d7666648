//! A ranking as a contact sheet: one HTML file with its pictures in it, that opens offline and prints.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::report::RankedItem;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:72rem;padding:0 1rem;color:#1a1a1a;background:#fff}\
ol{list-style:none;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:1.25rem}\
figure{margin:0;break-inside:avoid}img,.none{width:100%;height:11rem;object-fit:contain;background:#f2f2f2;display:block}\
.none{line-height:11rem;text-align:center;color:#595959}figcaption{overflow-wrap:anywhere}.rank{font-weight:700}\
.numbers{color:#404040;font-variant-numeric:tabular-nums}";

/// The ranking of `judge`, the best first; `thumbnails` are JPEGs of the items of `names`, in their order.
pub fn contact_sheet<E>(
    judge: &str,
    items: &[RankedItem],
    names: &[String],
    thumbnails: &[Result<Vec<u8>, E>],
) -> String {
    let title = format!("Ranking by {}", escaped(judge));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n<p>{} pictures, the best first; brackets are 95&nbsp;% intervals.</p>\n<ol>\n",
        items.len()
    );
    for item in items {
        let picture = names
            .iter()
            .position(|name| *name == item.item)
            .and_then(|at| thumbnails.get(at)?.as_ref().ok());
        figure(&mut page, item, picture.map(Vec::as_slice));
    }
    page.push_str("</ol>\n</body>\n</html>\n");
    page
}

fn figure(page: &mut String, item: &RankedItem, picture: Option<&[u8]>) {
    let name = escaped(&item.item);
    let image = match picture {
        Some(jpeg) => format!(
            "<img alt=\"{name}\" src=\"data:image/jpeg;base64,{}\">",
            STANDARD.encode(jpeg)
        ),
        None => "<div class=\"none\">no picture</div>".to_owned(),
    };
    let places = item
        .rank_ci
        .map(|[best, worst]| format!(" [{best}, {worst}]"))
        .unwrap_or_default();
    let ends = item
        .ci
        .map(|[low, high]| format!(" [{low:.3}, {high:.3}]"))
        .unwrap_or_default();
    page.push_str(&format!(
        "<li><figure>{image}<figcaption><span class=\"rank\">{}{places}</span> {name}<br><span class=\"numbers\">{:.3}{ends}</span></figcaption></figure></li>\n",
        item.rank, item.strength
    ));
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_by_rank_and_names_are_escaped() {
        let item = |name: &str, rank| RankedItem {
            item: name.to_owned(),
            strength: 1.5,
            ci: Some([1.0, 2.0]),
            rank,
            rank_ci: Some([1, 2]),
        };
        let names = ["b.png".to_owned(), "<a>.png".to_owned()];
        let pictures = [Ok(vec![1, 2, 3]), Err(())];
        let page = contact_sheet(
            "j",
            &[item("<a>.png", 1), item("b.png", 2)],
            &names,
            &pictures,
        );
        let (first, second) = (page.find("&lt;a&gt;.png"), page.find("AQID"));
        assert!(first < second && second.is_some(), "{page}");
        assert!(page.contains("no picture") && !page.contains("<a>"));
        assert!(page.contains("1.500 [1.000, 2.000]"));
    }
}

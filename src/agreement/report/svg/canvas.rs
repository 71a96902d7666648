//! A drawing with a title and a description, element by element.

/// An SVG element in the making.
pub(super) struct Canvas {
    width: f64,
    height: f64,
    id: &'static str,
    title: String,
    description: String,
    body: String,
}

/// Where a text stands relative to its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        }
    }
}

impl Canvas {
    /// An empty drawing; `id` is unique in the page.
    pub(super) fn new(id: &'static str, size: (f64, f64), title: &str, description: &str) -> Self {
        Canvas {
            width: size.0,
            height: size.1,
            id,
            title: escaped(title),
            description: escaped(description),
            body: String::new(),
        }
    }

    pub(super) fn rectangle(&mut self, class: &str, from: (f64, f64), size: (f64, f64)) {
        self.add(format_args!(
            r#"<rect class="{class}" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}"/>"#,
            from.0, from.1, size.0, size.1
        ));
    }

    /// A cell whose strength is between 0 and 1.
    pub(super) fn cell(&mut self, class: &str, from: (f64, f64), size: (f64, f64), strength: f64) {
        self.add(format_args!(
            r#"<rect class="{class}" x="{:.1}" y="{:.1}" width="{:.1}" height="{:.1}" fill-opacity="{strength:.3}"/>"#,
            from.0, from.1, size.0, size.1
        ));
    }

    pub(super) fn line(&mut self, class: &str, from: (f64, f64), to: (f64, f64)) {
        self.add(format_args!(
            r#"<line class="{class}" x1="{:.1}" y1="{:.1}" x2="{:.1}" y2="{:.1}"/>"#,
            from.0, from.1, to.0, to.1
        ));
    }

    pub(super) fn circle(&mut self, class: &str, centre: (f64, f64), radius: f64) {
        self.add(format_args!(
            r#"<circle class="{class}" cx="{:.1}" cy="{:.1}" r="{radius:.1}"/>"#,
            centre.0, centre.1
        ));
    }

    /// Straight lines through points; closed where the last joins the first.
    pub(super) fn path(&mut self, class: &str, points: &[(f64, f64)], closed: bool) {
        let mut path = String::new();
        for (index, (x, y)) in points.iter().enumerate() {
            let command = if index == 0 { 'M' } else { 'L' };
            path.push_str(&format!("{command}{x:.1} {y:.1}"));
        }
        if closed {
            path.push('Z');
        }
        self.add(format_args!(r#"<path class="{class}" d="{path}"/>"#));
    }

    pub(super) fn text(&mut self, class: &str, at: (f64, f64), anchor: Anchor, text: &str) {
        self.add(format_args!(
            r#"<text class="{class}" x="{:.1}" y="{:.1}" text-anchor="{}">{}</text>"#,
            at.0,
            at.1,
            anchor.name(),
            escaped(text)
        ));
    }

    /// A text that reads upwards.
    pub(super) fn text_upwards(&mut self, class: &str, at: (f64, f64), text: &str) {
        self.add(format_args!(
            r#"<text class="{class}" transform="translate({:.1} {:.1}) rotate(-90)" text-anchor="middle">{}</text>"#,
            at.0,
            at.1,
            escaped(text)
        ));
    }

    pub(super) fn finish(self) -> String {
        let Canvas {
            width,
            height,
            id,
            title,
            description,
            body,
        } = self;
        // A little larger than drawn and no more: lines and letters keep their weight beside the text.
        let widest = 1.2 * width;
        format!(
            "<svg role=\"img\" style=\"max-width:{widest:.0}px\" aria-labelledby=\"{id}-title {id}-description\" viewBox=\"0 0 {width:.0} {height:.0}\" xmlns=\"http://www.w3.org/2000/svg\">\n<title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-description\">{description}</desc>\n{body}</svg>\n"
        )
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        self.body.push_str(&format!("{element}\n"));
    }
}

/// Text that cannot become markup, in an element or in an attribute.
pub(in super::super) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // XML has no place for most control characters.
            control if control.is_control() => safe.push(' '),
            other => safe.push(other),
        }
    }
    safe
}

//! The documents as pages: `www/docs/*.md` set into the frame of `www/pages/docs.html`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd, html};

use super::Files;

/// The frame, as collected from `www/pages`; it is not served itself.
const FRAME: &str = "www/docs.html";

/// Adds `www/docs/NAME.html` for every document, the plots beside them, and an index of them all.
pub(super) fn render(from: &Path, files: &mut Files) -> Result<()> {
    let Some(frame) = files.remove(FRAME) else { return Ok(()) };
    let frame = String::from_utf8(frame).context("the frame of the documents is UTF-8")?;
    let mut documents = Vec::new();
    if from.is_dir() {
        for entry in fs::read_dir(from)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ending| ending == "md") {
                let name = path
                    .file_stem()
                    .and_then(|name| name.to_str())
                    .context("file names are UTF-8")?
                    .to_string();
                documents.push((name, fs::read_to_string(&path)?));
            } else if path.extension().is_some_and(|ending| ending == "svg") {
                let name = path.file_name().and_then(|name| name.to_str()).context("file names are UTF-8")?;
                files.insert(format!("www/docs/{name}"), fs::read(&path)?);
            }
        }
    }
    documents.sort();
    let titles: Vec<(String, String)> = documents
        .iter()
        .map(|(name, text)| (name.clone(), title(text).unwrap_or(name).to_string()))
        .collect();
    for (name, text) in &documents {
        let page = fill(&frame, title(text).unwrap_or(name), &menu(&titles, name), &to_html(text));
        files.insert(format!("www/docs/{name}.html"), page.into_bytes());
    }
    let mut body = String::from("<h1>Documents</h1>\n");
    for (name, text) in &documents {
        let title = escape(title(text).unwrap_or(name));
        body.push_str(&format!("<h2><a href=\"/docs/{name}\">{title}</a></h2>\n{}", to_html(opening(text))));
    }
    let index = fill(&frame, "Documents", &menu(&titles, ""), &body);
    files.insert("www/docs/index.html".into(), index.into_bytes());
    Ok(())
}

fn title(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("# "))
}

/// The first paragraph below the title.
fn opening(text: &str) -> &str {
    text.split("\n\n").find(|paragraph| !paragraph.trim_start().starts_with('#')).unwrap_or_default()
}

fn fill(frame: &str, title: &str, menu: &str, body: &str) -> String {
    frame.replace("<!--title-->", &escape(title)).replace("<!--menu-->", menu).replace("<!--body-->", body)
}

fn menu(titles: &[(String, String)], current: &str) -> String {
    let mut menu = String::new();
    for (name, title) in titles {
        let here = if name == current { " aria-current=\"page\"" } else { "" };
        menu.push_str(&format!("<li><a href=\"/docs/{name}\"{here}>{}</a></li>\n", escape(title)));
    }
    menu
}

/// Markdown to HTML. Markup inside a document is shown as text; headings get ids; links to other documents lead to pages.
fn to_html(text: &str) -> String {
    let mut events = Vec::new();
    let mut heading: Option<(usize, String)> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Html(markup) | Event::InlineHtml(markup) => events.push(Event::Text(markup)),
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = to_page(&dest_url).map_or(dest_url, CowStr::from);
                events.push(Event::Start(Tag::Link { link_type, dest_url, title, id }));
            }
            Event::Start(tag @ Tag::Heading { .. }) => {
                heading = Some((events.len(), String::new()));
                events.push(Event::Start(tag));
            }
            Event::End(end @ TagEnd::Heading(_)) => {
                if let Some((place, words)) = heading.take()
                    && let Some(Event::Start(Tag::Heading { id, .. })) = events.get_mut(place)
                {
                    *id = Some(CowStr::from(anchor(&words)));
                }
                events.push(Event::End(end));
            }
            other => {
                if let (Some((_, words)), Event::Text(text) | Event::Code(text)) = (&mut heading, &other) {
                    words.push_str(text);
                }
                events.push(other);
            }
        }
    }
    let mut page = String::new();
    html::push_html(&mut page, events.into_iter());
    page
}

/// `protocol.md#close-codes` leads to `/docs/protocol#close-codes`; other addresses stay.
fn to_page(link: &str) -> Option<String> {
    let (file, fragment) = link.split_once('#').map_or((link, ""), |(file, fragment)| (file, fragment));
    let name = file.strip_suffix(".md").filter(|name| !name.contains('/') && !name.contains(':'))?;
    Some(if fragment.is_empty() { format!("/docs/{name}") } else { format!("/docs/{name}#{fragment}") })
}

/// The id of a heading, as code hosts make it: lower case, spaces as hyphens, letters and digits only.
fn anchor(words: &str) -> String {
    let kept = words.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.flat_map(char::to_lowercase).map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(markdown: &str, html: &str) {
        assert_eq!(to_html(markdown).trim(), html);
    }

    #[test]
    fn documents_become_pages() {
        check("## Close codes, all", "<h2 id=\"close-codes-all\">Close codes, all</h2>");
        check("[it](protocol.md#a)", "<p><a href=\"/docs/protocol#a\">it</a></p>");
        check("[it](../../README.md)", "<p><a href=\"../../README.md\">it</a></p>");
        check("a <script>b</script>", "<p>a &lt;script&gt;b&lt;/script&gt;</p>");
    }
}

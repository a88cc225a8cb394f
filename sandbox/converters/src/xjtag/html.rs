//! The text of the HTML that a log holds for its viewer.

/// Elements after which a line ends.
const LINES: [&str; 9] = ["h2", "h3", "p", "br", "div", "li", "tr", "table", "ul"];

/// The text between the tags; block elements end a line. White space is that of the text.
pub(super) fn text(html: &str) -> String {
    let mut found = String::new();
    let mut rest = html;
    while let Some((before, after)) = rest.split_once('<') {
        found.push_str(&decoded(before));
        let (tag, after) = after.split_once('>').unwrap_or((after, ""));
        let name = tag
            .trim_start_matches('/')
            .split([' ', '/'])
            .next()
            .unwrap_or_default();
        let ends = tag.starts_with('/') || tag.ends_with('/') || name == "br";
        if ends && LINES.contains(&name) && !found.is_empty() && !found.ends_with('\n') {
            found.push('\n');
        }
        rest = after;
    }
    found.push_str(&decoded(rest));
    found
}

/// The cells of a table's row, each as text without white space around it.
pub(super) fn cells(row: &str) -> Vec<String> {
    let cells = row.split("<td").skip(1);
    cells
        .filter_map(|cell| cell.split_once('>'))
        .map(|(_, content)| text(content.split("</td").next().unwrap_or_default()))
        .map(|cell| cell.trim().to_owned())
        .collect()
}

fn decoded(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", " ")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_blocks_end_lines() {
        assert_eq!(
            text(
                r##"<h2 class="e">Error on net <a href="#">IO0</a>: Stuck at 0.</h2><div></div>&lt;1 error<br />"##
            ),
            "Error on net IO0: Stuck at 0.\n<1 error\n"
        );
        assert_eq!(text("a < b"), "a ");
        assert_eq!(
            cells("<tr><td class=\"x\">SW1.Test</td>\n<td> 2,5 </td></tr>"),
            ["SW1.Test", "2,5"]
        );
    }
}

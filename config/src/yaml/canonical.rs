//! A node as canonical JSON: the same text for everything that says the same, whatever its order of keys, its quotes,
//! its comments and its place. It is what the hash of an object is made of, and what shows the object as it serves.

use super::{Entry, Node, Value};

/// Writes out what `node` says, its aliases included; keys are sorted.
pub(crate) fn canonical(node: &Node<'_>) -> String {
    let mut text = String::new();
    write(node, &mut text);
    text
}

fn write(node: &Node<'_>, out: &mut String) {
    match &node.value {
        _ if node.is_null() => out.push_str("null"),
        Value::Scalar { text, is_plain: true } if is_literal(text) => out.push_str(text),
        Value::Scalar { text, .. } => quote(text, out),
        Value::UnknownAlias(name) => quote(&format!("*{name}"), out),
        Value::Tagged(tag) => quote(tag, out),
        Value::List(nodes) => {
            out.push('[');
            for (number, node) in nodes.iter().enumerate() {
                separate(number, out);
                write(node, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            let mut entries: Vec<&Entry<'_>> = map.entries.iter().collect();
            entries.sort_by(|one, other| one.key.cmp(&other.key));
            out.push('{');
            for (number, entry) in entries.into_iter().enumerate() {
                separate(number, out);
                quote(&entry.key, out);
                out.push(':');
                write(&entry.value, out);
            }
            out.push('}');
        }
    }
}

fn separate(number: usize, out: &mut String) {
    if number > 0 {
        out.push(',');
    }
}

/// Whether a plain scalar is JSON as it stands: a truth value, or a whole number in the one way to write it.
fn is_literal(text: &str) -> bool {
    matches!(text, "true" | "false") || text.parse::<u64>().is_ok_and(|number| number.to_string() == text)
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            char if char.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(char))),
            char => out.push(char),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::parse;

    fn of(yaml: &str) -> String {
        canonical(&parse(yaml).unwrap().unwrap())
    }

    #[test]
    fn order_style_comments_and_aliases_make_no_difference() {
        let block = "b: # said\n  - 1\n  - two\na: &x { d: true, c: ~ }\ne: *x\n";
        let flow = "{ e: { c: null, d: true }, a: { c: , d: true }, b: [1, 'two'] }";
        assert_eq!(of(block), of(flow));
        assert_eq!(
            of(flow),
            r#"{"a":{"c":null,"d":true},"b":[1,"two"],"e":{"c":null,"d":true}}"#
        );
    }

    #[test]
    fn what_is_no_json_literal_is_text() {
        assert_eq!(
            of(r#"[1.10, 01, +1, yes, "5", "a\"\\\u0001\n"]"#),
            r#"["1.10","01","+1","yes","5","a\"\\\u0001\n"]"#
        );
    }
}

//! What a job is submitted with, from the spec.

use crate::application::Application;

/// The parameters of `POST /jars/:jar/run` that come from the spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunParameters {
    /// The jar's id: its file name.
    pub jar_name: String,
    /// The main class; none: the jar's manifest says.
    pub entry_class: Option<String>,
    /// Slots to be taken.
    pub parallelism: i64,
    /// The arguments of `main`. Always sent as a list: Flink 2 drops the one string.
    pub program_args: Vec<String>,
    /// Whether state that the new job has no operator for may be left behind.
    pub allow_non_restored_state: bool,
}

impl RunParameters {
    /// The parameters of an application.
    #[must_use]
    pub fn of(app: &Application) -> RunParameters {
        let class = app.text("entryClass");
        RunParameters {
            jar_name: app.text("jarName").to_owned(),
            entry_class: (!class.is_empty()).then(|| class.to_owned()),
            parallelism: app.parallelism(),
            program_args: split_arguments(app.text("programArgs")),
            allow_non_restored_state: app.flag("allowNonRestoredState"),
        }
    }
}

/// Splits `programArgs` as the REST handler of Flink 1.x does (JarHandlerUtils.tokenizeArguments), to
/// which the reference operator leaves it: an argument is a run of anything but blanks that does not
/// begin with a quote, or what stands between two quotes of a kind on one line; then all quotes are
/// dropped. A backslash protects nothing.
#[must_use]
pub fn split_arguments(text: &str) -> Vec<String> {
    let mut arguments = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' | '\'' => quoted_end(rest, first),
            // The first character may be a blank: then it is an argument of its own, an empty one.
            _ => Some(first.len_utf8() + unquoted_length(&rest[first.len_utf8()..])),
        };
        let Some(end) = end else {
            // A quote that is not closed is skipped.
            rest = &rest[1..];
            continue;
        };
        let argument = rest[..end].trim_matches(|c| c <= ' ');
        arguments.push(argument.replace(['"', '\''], ""));
        rest = rest[end..].trim_start_matches(is_blank);
    }
    arguments
}

/// The end of a quoted argument: the next quote after at least one character, before the line ends.
fn quoted_end(text: &str, quote: char) -> Option<usize> {
    let inner = text[1..].char_indices().take_while(|(_, c)| !is_line_end(*c));
    inner.skip(1).find(|(_, c)| *c == quote).map(|(index, _)| index + 2)
}

fn unquoted_length(text: &str) -> usize {
    text.find(is_blank).unwrap_or(text.len())
}

/// Java's `\s`.
fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t'..='\r')
}

/// What Java's `.` does not match.
fn is_line_end(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{RunParameters, split_arguments};
    use crate::Application;

    #[test]
    fn arguments_are_split_as_flink_1_splits_them() {
        // The right sides were printed by a Java program with Flink's regular expression.
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            ("--foo bar", &["--foo", "bar"]),
            ("--foo \"bar baz\"", &["--foo", "bar baz"]),
            ("--foo 'bar baz'", &["--foo", "bar baz"]),
            (" --a", &["--a"]),
            ("  --a", &["", "--a"]),
            (" \t", &[""]),
            ("a\tb\nc", &["a", "b", "c"]),
            ("--json {\"x\":1}", &["--json", "{x:1}"]),
            ("--x \\\"a b\\\"", &["--x", "\\a", "b\\"]),
            ("\"a b\"c", &["a b", "c"]),
            ("a\"b c\"d", &["ab", "cd"]),
            ("\"\" b", &["b"]),
            ("\"\" \"b\"", &[" ", "b"]),
            ("\"abc", &["abc"]),
            ("it's", &["its"]),
            ("'it is", &["it", "is"]),
            ("\"it's here\" x", &["its here", "x"]),
            ("'say \"hi\"'", &["say hi"]),
            ("\"a\nb\" c", &["a", "b", "c"]),
            ("--k=\"v w\"", &["--k=v", "w"]),
            ("a  b", &["a", "b"]),
            ("a ", &["a"]),
            ("--e \"\"", &["--e"]),
            ("\u{a0}x y", &["\u{a0}x", "y"]),
            ("\"a\u{85}b\" c", &["a\u{85}b", "c"]),
            ("\\\"quoted\\\"", &["\\quoted\\"]),
            ("\"a \\\" b\" c", &["a \\", "b", "c"]),
        ];
        for (text, arguments) in cases {
            assert_eq!(split_arguments(text), *arguments, "{text:?}");
        }
    }

    #[test]
    fn run_parameters_come_from_the_spec() {
        let parameters =
            |spec| RunParameters::of(&Application::parse(&json!({"spec": spec})).unwrap());
        let full = parameters(json!({
            "jarName": "j.jar", "entryClass": "C", "parallelism": 3, "programArgs": "--a 'b c'", "allowNonRestoredState": true,
        }));
        assert_eq!(
            full,
            RunParameters {
                jar_name: "j.jar".into(),
                entry_class: Some("C".into()),
                parallelism: 3,
                program_args: vec!["--a".into(), "b c".into()],
                allow_non_restored_state: true,
            }
        );
        assert_eq!(parameters(json!({"jarName": "j.jar", "entryClass": ""})).entry_class, None);
    }
}

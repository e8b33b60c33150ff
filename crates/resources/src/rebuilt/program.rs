//! Jar, parallelism, class and arguments of a version's job, from the annotation that keeps them.

use serde_json::Value;

use crate::labels;

/// What the annotation says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Program<'a> {
    pub(super) jar: &'a str,
    pub(super) parallelism: i64,
    pub(super) class: &'a str,
    pub(super) arguments: &'a str,
}

/// Reads the annotation of a Deployment. Nothing in it is escaped: what is between the known words is taken as it
/// stands.
pub(super) fn of(deployment: &Value) -> Option<Program<'_>> {
    parse(deployment["metadata"]["annotations"][labels::JOB_PROPERTIES].as_str()?)
}

fn parse(text: &str) -> Option<Program<'_>> {
    let (jar, rest) = text.strip_prefix("jarName: ")?.split_once("\nparallelism: ")?;
    let (parallelism, rest) = rest.split_once("\nentryClass:")?;
    let (class, arguments) = rest.split_once("\nprogramArgs:\"")?;
    let arguments = arguments.strip_suffix('"')?;
    Some(Program { jar, parallelism: parallelism.parse().ok()?, class, arguments })
}

#[cfg(test)]
mod tests {
    use super::{Program, parse};

    #[test]
    fn what_is_between_the_known_words_is_read_as_it_stands() {
        let text = "jarName: j.jar\nparallelism: 3\nentryClass:a.B\nprogramArgs:\"--x \"y\"\n z\"";
        let program =
            Program { jar: "j.jar", parallelism: 3, class: "a.B", arguments: "--x \"y\"\n z" };
        assert_eq!(parse(text), Some(program));
        let empty = Program { jar: "", parallelism: 1, class: "", arguments: "" };
        assert_eq!(parse("jarName: \nparallelism: 1\nentryClass:\nprogramArgs:\"\""), Some(empty));
        for text in ["", "jarName: x", "jarName: x\nparallelism: y\nentryClass:\nprogramArgs:\"\""]
        {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}

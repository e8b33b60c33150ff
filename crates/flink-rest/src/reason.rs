//! What a person wants to read of a Java stack trace: the first message that says something.
//!
//! Flink answers with whole traces of nested exceptions. The outer ones say that something was not
//! done ("Could not execute application."), and why stands further in. Text in, text out.

/// What Flink puts around the exception that matters, as the beginnings of messages in every
/// version from 1.13 to 2.3.
const WRAPPERS: [&str; 11] = [
    "Internal server error.",
    "Could not execute application.",
    "Failed to execute job",
    "Failed to submit job",
    "Could not start the JobMaster.",
    "Could not instantiate JobManager.",
    "Request did not match expected format",
    "Trigger checkpoint failure.",
    "An Exception occurred while triggering the checkpoint.",
    "Recovery is suppressed by",
    // The adaptive scheduler's.
    "Stop with savepoint operation could not be completed.",
];

/// Flink's sentence before the message of whatever `main` threw.
const MAIN: &str = "The main method caused an error: ";

/// Characters of a message that are kept: arbitrary, several lines of a terminal.
const LONGEST: usize = 1000;

/// The exceptions of a trace, from the outermost to its innermost cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chain(Vec<Thrown>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Thrown {
    /// Empty where Flink gives only a sentence.
    class: String,
    /// Empty for an exception without a message.
    message: String,
}

impl Chain {
    /// Reads a trace, or several one after the other.
    pub(crate) fn read(trace: &str) -> Self {
        let mut thrown: Vec<Thrown> = Vec::new();
        let mut continues = false;
        for line in trace.lines() {
            let marker = line.starts_with("<Exception on server") || line.starts_with("End of exc");
            if line.trim().is_empty() || is_frame(line) || marker {
                continues = false;
                continue;
            }
            match (continues && !line.starts_with("Caused by: "), thrown.last_mut()) {
                (true, Some(last)) => last.extend(line),
                (_, _) => thrown.push(Thrown::read(line)),
            }
            continues = true;
        }
        Self(thrown)
    }

    /// Whether an exception of this simple class name is among them.
    pub(crate) fn names(&self, class: &str) -> bool {
        self.0.iter().any(|thrown| thrown.simple_class() == class)
    }

    /// The first message that says something; `None` for an empty trace.
    pub(crate) fn reason(&self) -> Option<String> {
        let told = self.0.iter().enumerate().find(|(_, thrown)| thrown.says_something());
        let Some((place, thrown)) = told else {
            return self.0.last().map(|thrown| shortened(thrown.sentence()));
        };
        // The exception itself is named by its class, too: "null" or "org/example/Sink" alone,
        // which Flink quotes, tells nobody what happened.
        let inner = self.0.get(place + 1).filter(|_| thrown.message.starts_with(MAIN));
        let words =
            inner.map_or_else(|| thrown.sentence(), |cause| MAIN.to_owned() + &cause.sentence());
        Some(shortened(words))
    }
}

impl Thrown {
    /// `Caused by: a.b.Outer: a.b.Inner: message`: an exception made from another repeats it.
    fn read(line: &str) -> Self {
        let mut message = line.strip_prefix("Caused by: ").unwrap_or(line).trim();
        let mut class = "";
        while let Some((name, rest)) = split_class(message) {
            (class, message) = (name, rest);
        }
        Self { class: class.to_owned(), message: message.to_owned() }
    }

    fn extend(&mut self, line: &str) {
        if !self.message.is_empty() {
            self.message.push(' ');
        }
        self.message.push_str(line.trim());
    }

    fn simple_class(&self) -> &str {
        self.class.rsplit(['.', '$']).next().unwrap_or_default()
    }

    fn says_something(&self) -> bool {
        let inner = self.message.strip_prefix(MAIN).unwrap_or(&self.message);
        !self.message.is_empty() && !WRAPPERS.iter().any(|wrapper| inner.starts_with(wrapper))
    }

    /// Flink's own exceptions have messages for people; of others the class says half of it.
    fn sentence(&self) -> String {
        match (self.message.as_str(), self.class.starts_with("org.apache.flink.")) {
            ("", _) => self.class.clone(),
            (message, true) => message.to_owned(),
            (message, false) if self.class.is_empty() => message.to_owned(),
            (message, false) => format!("{}: {message}", self.simple_class()),
        }
    }
}

/// `org.example.SomeException: rest`, or the class alone.
fn split_class(text: &str) -> Option<(&str, &str)> {
    let (name, rest) = text.split_once(": ").unwrap_or((text, ""));
    let name = name.trim_end_matches(':');
    let simple = name.rsplit('.').next()?;
    let is_class = name.contains('.')
        && simple.starts_with(|first: char| first.is_ascii_uppercase())
        && name.chars().all(|c| c.is_alphanumeric() || "._$".contains(c));
    is_class.then(|| (name, rest.trim_start()))
}

/// `at a.b.C.method(C.java:1)`, `... 12 more`, Jackson's ` at [Source: …]`, and all that is indented
/// below a suppressed exception.
fn is_frame(line: &str) -> bool {
    let indented = line.starts_with(['\t', ' ']);
    let text = line.trim_start();
    indented && ["at ", "... ", "Suppressed: ", "Caused by: "].iter().any(|s| text.starts_with(s))
}

fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(trace: &str) -> String {
        Chain::read(trace).reason().unwrap()
    }

    #[test]
    fn main_is_quoted_with_the_class_of_what_it_threw() {
        let trace = |inner: &str| {
            format!(
                "org.apache.flink.runtime.rest.handler.RestHandlerException: Could not execute \
                 application.\n\tat a.B.c(B.java:1)\nCaused by: \
                 org.apache.flink.client.program.ProgramInvocationException: The main method \
                 caused an error: null\n\tat a.B.c(B.java:2)\nCaused by: {inner}\n\t... 4 more\n"
            )
        };
        for (inner, told) in [
            ("java.lang.NullPointerException", "java.lang.NullPointerException"),
            ("java.lang.NoClassDefFoundError: org/a/B", "NoClassDefFoundError: org/a/B"),
            ("org.apache.flink.table.api.ValidationException: bad SQL", "bad SQL"),
        ] {
            assert_eq!(reason(&trace(inner)), format!("The main method caused an error: {told}"));
        }
    }

    #[test]
    fn a_refused_restore_is_told_in_flinks_words() {
        let trace = "java.lang.RuntimeException: \
            org.apache.flink.runtime.client.JobInitializationException: Could not start the \
            JobMaster.\nCaused by: java.lang.IllegalStateException: Failed to rollback to \
            checkpoint/savepoint file:/s. Cannot map state.\nCaused by: java.io.IOException: x";
        let told = "IllegalStateException: Failed to rollback to checkpoint/savepoint file:/s. \
            Cannot map state.";
        assert_eq!(reason(trace), told);
    }

    #[test]
    fn a_message_of_several_lines_is_one_sentence() {
        let trace = "a.b.SqlException: first\nsecond line\n\tat a.b.C.d(C.java)\n\tSuppressed: \
            a.b.Other: not this\n\t\tat x\nthird";
        let chain = Chain::read(trace);
        assert_eq!(chain.reason().unwrap(), "SqlException: first second line");
        assert_eq!(chain.0.len(), 2, "the suppressed one is none of them");
    }

    #[test]
    fn a_wrapper_alone_is_better_than_nothing() {
        assert_eq!(reason("Internal server error."), "Internal server error.");
        assert_eq!(Chain::read("\n\tat a.B.c(B.java)").reason(), None);
    }

    #[test]
    fn long_messages_are_cut_between_characters() {
        let told = reason(&"ä".repeat(LONGEST + 1));
        assert_eq!(told.chars().count(), LONGEST + 1);
        assert!(told.ends_with('…'));
    }
}

//! A line of the log as one flat object of JSON: what the spans around it say stands beside what the event
//! says, so that lines are found by `namespace`, `name`, `phase` and `hash` wherever they come from.

use std::error::Error;
use std::fmt::{self, Debug};

use jiff::Timestamp;
use serde::ser::{Serialize, Serializer};
use serde_json::Value;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

/// Formats events.
pub(super) struct Flat {
    /// Whether a line names its place in the source.
    pub(super) place: bool,
}

impl<S> FormatEvent<S, JsonFields> for Flat
where
    S: Subscriber + for<'l> LookupSpan<'l>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (mut line, meta) = (Line::default(), event.metadata());
        line.put("timestamp", format!("{:.6}", Timestamp::now()));
        line.put("level", meta.level().as_str());
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<JsonFields>>();
            let fields = fields.map(|fields| serde_json::from_str(fields));
            if let Some(Ok(Value::Object(fields))) = fields {
                fields.into_iter().for_each(|(name, value)| line.put(&name, value));
            }
        }
        event.record(&mut line);
        line.put("target", meta.target());
        if let (true, Some(file), Some(number)) = (self.place, meta.file(), meta.line()) {
            line.put("filename", file);
            line.put("line_number", number);
        }
        let line = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
        writeln!(writer, "{line}")
    }
}

/// Names with their values, in the order in which they came.
#[derive(Default)]
struct Line(Vec<(String, Value)>);

impl Line {
    /// A name that is there gets the newer value: no name is there twice.
    fn put(&mut self, name: &str, value: impl Into<Value>) {
        let value = value.into();
        match self.0.iter_mut().find(|(other, _)| other == name) {
            Some((_, before)) => *before = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field.name(), value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field.name(), value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field.name(), value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field.name(), value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field.name(), value);
    }

    /// With what it came from: the last of these is what a person needs.
    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        let (mut words, mut source) = (value.to_string(), value.source());
        while let Some(error) = source {
            words = format!("{words}: {error}");
            source = error.source();
        }
        self.put(field.name(), words);
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use serde_json::json;

    use crate::config::Logger;
    use crate::telemetry::dispatch;

    /// What was written.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[derive(Debug, thiserror::Error)]
    #[error("outside")]
    struct Outside(#[source] io::Error);

    #[test]
    fn a_line_is_one_flat_object_with_what_the_spans_say() {
        let written = Written::default();
        let writer = {
            let written = written.clone();
            move || written.clone()
        };
        let logger = Logger { level: 3, json: true, show_source: true, mute: false };
        tracing::dispatcher::with_default(&dispatch(&logger, writer).0, || {
            let span = tracing::error_span!("round", name = %"app", phase = tracing::field::Empty);
            let _inside = span.enter();
            span.record("phase", "Running");
            let error = Outside(io::Error::other("within"));
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, n = 3, yes = true, phase = "Updating", "words \"and\" more");
            tracing::info!("not at this level");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        let mut line: serde_json::Value = serde_json::from_str(&text).unwrap();
        let line = line.as_object_mut().unwrap();
        let time = line.remove("timestamp").unwrap();
        assert!(time.as_str().unwrap().parse::<jiff::Timestamp>().is_ok(), "{time}");
        assert!(line.remove("line_number").unwrap().is_u64());
        let right = json!({
            "level": "WARN", "name": "app", "phase": "Updating", "error": "outside: within",
            "n": 3, "yes": true, "message": "words \"and\" more", "target": module_path!(),
            "filename": file!(),
        });
        assert_eq!(json!(line), right);
        assert_eq!(text.matches("\"phase\"").count(), 1, "{text}");
    }

    #[test]
    fn the_level_changes_while_the_log_is_written() {
        let written = Written::default();
        let writer = written.clone();
        let logger = Logger { level: 3, json: true, show_source: false, mute: false };
        let (log, level) = dispatch(&logger, move || writer.clone());
        tracing::dispatcher::with_default(&log, || {
            tracing::info!("before");
            level.set(4);
            tracing::info!("between");
            tracing::debug!("too much");
            level.set(2);
            tracing::info!("after");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert!(text.contains("between") && text.lines().count() == 1, "{text}");
    }
}

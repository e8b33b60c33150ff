//! The settings, looked at again while the operator runs: what can take effect does, all of it or nothing.
//!
//! Read again is everything, by the same rules as at the start; what is wrong changes nothing. A key that holds from the
//! start on keeps its value, and it is said that it waits. From `ports` to `Operator::in_force`, which each round reads
//! once.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use crate::config::{Changed, ConfigError, Given, Loaded, Sources, load};
use crate::operator::{InForce, Operator};
use crate::ports::Configuration;
use crate::telemetry::Level;

/// How often it is looked. Kubelets take about a minute to bring a changed ConfigMap: a few seconds more are none.
const LOOK: Duration = Duration::from_secs(5);

/// The configuration of a process: files, flags and environment, and a log whose level can change.
pub struct Files {
    /// Where the settings were read at the start.
    pub sources: Sources,
    /// The log.
    pub log: Level,
}

impl Configuration for Files {
    fn read(&self) -> Result<Loaded, ConfigError> {
        load(&self.sources)
    }

    fn log_at(&self, level: u8) {
        self.log.set(level);
    }
}

/// Looks, for ever.
pub(crate) async fn follow(operator: Arc<Operator>, configuration: Arc<dyn Configuration>) {
    let mut looks = Looks::default();
    loop {
        let reader = Arc::clone(&configuration);
        let found = tokio::task::spawn_blocking(move || reader.read()).await;
        let found = found.map_err(|error| error.to_string());
        let found = found.and_then(|read| read.map_err(|error| told(&error)));
        match looks.settled(found) {
            None => {}
            Some(Ok(loaded)) => take(&operator, configuration.as_ref(), &loaded),
            Some(Err(why)) => {
                operator.metrics.config_reload(false);
                tracing::error!("the configuration is wrong, and what is in force stays: {why}");
            }
        }
        sleep(LOOK).await;
    }
}

/// An error with its causes.
fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let causes: String = causes.map(|cause| format!(": {cause}")).collect();
    format!("{error}{causes}")
}

/// What was found by looking.
type Found = Result<Loaded, String>;

/// By which two looks are told apart.
type Mark = Result<(Vec<Given>, Vec<String>), String>;

/// What was found so far. Taken is what two looks in a row have found: a file that is just being written, or one of several
/// that are being changed one after the other, is no configuration.
#[derive(Debug, Default)]
struct Looks {
    last: Option<Mark>,
    settled: Option<Mark>,
    /// Whether a file was there; what is wrong is in one.
    files: bool,
}

impl Looks {
    /// What is to be taken, or told, now.
    fn settled(&mut self, found: Found) -> Option<Found> {
        // A file that is taken away would be one that sets everything back to its default.
        let had = self.files;
        self.files |= found.as_ref().map_or(true, |loaded| !loaded.files.is_empty());
        let found = found.and_then(|loaded| match had && loaded.files.is_empty() {
            true => Err(std::iter::once("no file is there any more".to_owned())
                .chain(loaded.warnings)
                .collect::<Vec<_>>()
                .join(": ")),
            false => Ok(loaded),
        });
        let mark = match &found {
            Ok(Loaded { settings, warnings, .. }) => Ok((settings.given.clone(), warnings.clone())),
            Err(why) => Err(why.clone()),
        };
        let again = self.last.as_ref() == Some(&mark);
        let news = self.settled.as_ref() != Some(&mark);
        self.last = Some(mark.clone());
        (again && news).then(|| {
            self.settled = Some(mark);
            found
        })
    }
}

/// Puts in force what can be, and says what waits.
fn take(operator: &Operator, configuration: &dyn Configuration, loaded: &Loaded) {
    let before = operator.in_force();
    let settings = before.settings.with_live(&loaded.settings);
    let taken = before.settings.changes(&settings);
    let waiting = settings.changes(&loaded.settings);
    if taken.is_empty() && waiting == before.waiting {
        return;
    }
    operator.metrics.config_reload(true);
    let (old, new) = (before.settings.logger.level, settings.logger.level);
    // Whoever wants to see more sees this, too; and who wants to see less, the last of it.
    if new > old {
        configuration.log_at(new);
    }
    tell(&taken, &before.waiting, &waiting);
    loaded.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    if new < old {
        configuration.log_at(new);
    }
    let decides_otherwise = settings.applications != before.settings.applications;
    operator.put_in_force(InForce { settings, waiting });
    if decides_otherwise {
        for key in operator.cache.applications() {
            operator.touch(&key);
        }
    }
}

/// Logs what changed; what waits once for each change.
fn tell(taken: &[Changed], before: &[Changed], waiting: &[Changed]) {
    for Changed { key, old, new } in taken {
        tracing::info!(key, old, new, "a setting changed, and is in force");
    }
    for changed in waiting.iter().filter(|changed| !before.contains(changed)) {
        let Changed { key, old, new } = changed;
        tracing::warn!(
            key,
            old,
            new,
            "a setting changed that takes effect at the next start; the old one is in force"
        );
    }
    let waits = |key: &String| waiting.iter().any(|changed| changed.key == *key);
    for Changed { key, .. } in before.iter().filter(|changed| !waits(&changed.key)) {
        tracing::info!(key, "a setting that waited for the next start is again what is in force");
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::Settings;
    use crate::config::Scope;

    fn found(value: &str) -> Found {
        let (key, from) = ("operator.confirmAfter", "a file".to_owned());
        let given = vec![Given { scope: Scope::Operator, key, value: value.to_owned(), from }];
        let settings = Settings { given, ..Settings::default() };
        Ok(Loaded { settings, warnings: Vec::new(), files: vec![PathBuf::from("a file")] })
    }

    /// What comes of a look, in short.
    fn settled(looks: &mut Looks, found: Found) -> Option<Result<String, String>> {
        let settled = looks.settled(found)?;
        Some(settled.map(|loaded| loaded.settings.given[0].value.clone()))
    }

    #[test]
    fn what_two_looks_in_a_row_find_is_taken_once() {
        let mut looks = Looks::default();
        let right = |value: &str| Some(Ok(value.to_owned()));
        assert_eq!(settled(&mut looks, found("1m")), None);
        assert_eq!(settled(&mut looks, found("1m")), right("1m"));
        assert_eq!(settled(&mut looks, found("1m")), None);
        // A file that is being written.
        assert_eq!(settled(&mut looks, found("")), None);
        assert_eq!(settled(&mut looks, found("2m")), None);
        assert_eq!(settled(&mut looks, found("2m")), right("2m"));
        let wrong = || Err("no duration".to_owned());
        assert_eq!(settled(&mut looks, wrong()), None);
        assert_eq!(settled(&mut looks, wrong()), Some(Err("no duration".to_owned())));
        assert_eq!(settled(&mut looks, wrong()), None, "told once");
        assert_eq!(settled(&mut looks, found("2m")), None);
        assert_eq!(settled(&mut looks, found("2m")), right("2m"), "it is right again");
    }

    #[test]
    fn a_file_that_is_gone_is_an_error_and_one_that_never_was_is_none() {
        let gone = || {
            Ok(Loaded { settings: Settings::default(), warnings: Vec::new(), files: Vec::new() })
        };
        let mut looks = Looks::default();
        assert!(looks.settled(gone()).is_none());
        assert!(looks.settled(gone()).unwrap().is_ok());
        for _ in 0..2 {
            let _ = looks.settled(found("1m"));
        }
        assert!(looks.settled(gone()).is_none());
        assert_eq!(looks.settled(gone()).unwrap().unwrap_err(), "no file is there any more");
    }
}

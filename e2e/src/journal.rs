//! What the counting job wrote about itself, and whether it counted on without gap or repeat.
//!
//! The job appends a JSON line at its start, each second and at its end to one file on the volume that
//! all versions share. This is the proof that does not pass through the operator or Flink's REST API:
//! each job appears as one block of lines, and where two jobs ran at once the blocks would mix.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

/// A line of the job's file.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
struct Line {
    event: String,
    job: String,
    restored: bool,
    total: u64,
    violations: u64,
}

/// One job's life, as it wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// Flink's id of it.
    pub(crate) job: String,
    /// Whether it started from a state.
    pub(crate) restored: bool,
    /// What it had counted when it started.
    pub(crate) from: u64,
    /// What it had counted in its last line.
    pub(crate) to: u64,
    /// Whether it said that it ended.
    pub(crate) ended: bool,
    /// How often it started: more than once where Flink brought it back.
    pub(crate) starts: u32,
}

/// Reads the file: the jobs in the order of their lives. Lines of other programs are passed over.
///
/// # Errors
/// Where a number was counted twice or left out, a total fell, or a job wrote after its successor.
pub(crate) fn read(text: &str) -> Result<Vec<Run>> {
    let mut runs: Vec<Run> = Vec::new();
    for line in text.lines().filter(|line| line.starts_with('{')) {
        let line: Line = serde_json::from_str(line).with_context(|| line.to_owned())?;
        ensure!(line.violations == 0, "a number was lost or repeated: {line:?}");
        let latest = runs.last_mut().filter(|run| run.job == line.job);
        match latest {
            Some(run) => {
                // A job that Flink restarts begins at its checkpoint, before the last line.
                ensure!(line.event == "start" || line.total >= run.to, "the total fell: {line:?}");
                run.to = line.total;
                run.ended = line.event == "end";
                run.starts += u32::from(line.event == "start");
            }
            None => {
                let again = runs.iter().any(|run| run.job == line.job);
                ensure!(!again, "two jobs wrote at the same time: {line:?} after {runs:?}");
                runs.push(begin(line)?);
            }
        }
    }
    Ok(runs)
}

fn begin(line: Line) -> Result<Run> {
    ensure!(line.event == "start", "a job's first line is not its start: {line:?}");
    let (from, restored) = (line.total, line.restored);
    Ok(Run { job: line.job, restored, from, to: from, ended: false, starts: 1 })
}

/// The successor of `old` goes on exactly where that one ended: nothing counted twice, nothing left out.
///
/// # Errors
/// Where it does not.
pub(crate) fn continues(old: &Run, new: &Run) -> Result<()> {
    ensure!(new.restored, "started without state: {new:?} after {old:?}");
    ensure!(
        new.from > 0 && new.from == old.to,
        "does not go on where it ended: {new:?} after {old:?}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{continues, read};

    fn line(job: &str, event: &str, total: u64, restored: bool, violations: u64) -> String {
        format!(
            r#"{{"event":"{event}","ms":1,"job":"{job}","attempt":0,"label":"","restored":{restored},"total":{total},"seq":1,"violations":{violations}}}"#
        ) + "\n"
    }

    #[test]
    fn a_job_that_goes_on_where_the_other_ended_continues_it() {
        let text = line("a", "start", 0, false, 0)
            + &line("a", "end", 70, false, 0)
            + &line("b", "start", 70, true, 0)
            + &line("b", "progress", 90, true, 0);
        let runs = read(&text).unwrap();
        assert!(continues(&runs[0], &runs[1]).is_ok());
        assert_eq!((runs[0].ended, runs[1].to), (true, 90));
    }

    #[test]
    fn a_job_that_flink_brings_back_stays_one_job_and_may_repeat() {
        let start = line("a", "start", 0, false, 0);
        let lived = start.clone() + &line("a", "progress", 70, false, 0);
        let runs = read(&(lived.clone() + &line("a", "start", 60, true, 0))).unwrap();
        assert_eq!((runs.len(), runs[0].starts, runs[0].from, runs[0].to), (1, 2, 0, 60));
        assert!(read(&(lived + &line("a", "progress", 60, false, 0))).is_err());
    }

    #[test]
    fn a_gap_a_repeat_and_an_empty_start_are_found() {
        let check = |from, restored| {
            let old = line("a", "start", 0, false, 0) + &line("a", "end", 70, false, 0);
            let runs = read(&(old + &line("b", "start", from, restored, 0))).unwrap();
            continues(&runs[0], &runs[1]).is_ok()
        };
        assert!(check(70, true));
        assert!(!check(71, true) && !check(60, true) && !check(0, false));
    }

    #[test]
    fn two_jobs_at_once_and_a_violation_are_found() {
        let start = line("a", "start", 0, false, 0);
        let mixed =
            start.clone() + &line("b", "start", 0, false, 0) + &line("a", "end", 2, false, 0);
        assert!(read(&mixed).unwrap_err().to_string().contains("at the same time"));
        assert!(read(&(start + &line("a", "violation", 3, false, 1))).is_err());
    }
}

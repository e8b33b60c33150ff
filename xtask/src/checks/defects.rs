//! `docs/reference-defects.md` answers for every known defect of the reference operator, and the tests
//! that it names exist.

use std::path::Path;

use anyhow::Result;
use flinkk8soperator_sim::explore::{Plant, suites};

use super::verdict;
use crate::stages::Count;
use crate::workspace::{root, text};

/// The groups of defects, and how many there are in each.
const GROUPS: [(char, usize); 10] = [
    ('A', 18),
    ('B', 26),
    ('C', 19),
    ('D', 8),
    ('E', 7),
    ('F', 9),
    ('G', 15),
    ('H', 5),
    ('I', 14),
    ('L', 9),
];

/// What can be said of a defect.
const VERDICTS: [&str; 3] = ["fixed", "cannot occur", "kept"];

/// Looks at every row.
///
/// # Errors
/// Naming each defect without a row, and each row that says what is not so.
pub(crate) fn check() -> Result<Count> {
    let document = text(&root().join("docs/reference-defects.md"))?;
    let rows: Vec<Row<'_>> = document.lines().filter_map(Row::read).collect();
    let mut wrong = Vec::new();
    for (group, count) in GROUPS {
        for number in 1..=count {
            let id = format!("{group}{number}");
            let found = rows.iter().filter(|row| row.id == id).count();
            if found != 1 {
                wrong.push(format!("{id} has {found} rows, not one"));
            }
        }
    }
    for row in &rows {
        wrong.extend(row.wrong()?.into_iter().map(|what| format!("{}: {what}", row.id)));
    }
    verdict(rows.len(), &wrong)
}

/// A row of the table.
struct Row<'d> {
    id: &'d str,
    verdict: &'d str,
    because: &'d str,
}

impl<'d> Row<'d> {
    fn read(line: &'d str) -> Option<Row<'d>> {
        let mut cells = line.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
        let (id, _, verdict) = (cells.next()?, cells.next()?, cells.next()?);
        let numbered = id.len() > 1 && id[1..].chars().all(|c| c.is_ascii_digit());
        numbered.then_some(())?;
        Some(Row { id, verdict, because: cells.next().unwrap_or_default() })
    }

    fn wrong(&self) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        if !VERDICTS.contains(&self.verdict) {
            wrong.push(format!("{} is none of {}", self.verdict, VERDICTS.join(", ")));
        }
        let mut tests = 0;
        for span in self.because.split('`').skip(1).step_by(2) {
            match exists(span)? {
                Some(true) => tests += 1,
                Some(false) => wrong.push(format!("there is no {span}")),
                None => {}
            }
        }
        if self.verdict == "fixed" && tests == 0 {
            wrong.push("no test is named".to_owned());
        }
        if self.because.is_empty() {
            wrong.push("no reason is given".to_owned());
        }
        Ok(wrong)
    }
}

/// Whether the test that a word names exists; `None`: it names no test.
fn exists(word: &str) -> Result<Option<bool>> {
    let contains = |path: &str, what: &str| -> Result<Option<bool>> {
        let path = root().join(path);
        Ok(Some(path.is_file() && text(&path)?.contains(what)))
    };
    if let Some(named) = word.strip_prefix("Plant::") {
        return Ok(Some(Plant::ALL.iter().any(|plant| format!("{plant:?}") == named)));
    }
    if let Some(named) = word.strip_prefix("suite: ") {
        return Ok(Some(suites().iter().any(|suite| suite.name == named)));
    }
    if let Some(story) = word.strip_prefix("story: ") {
        return contains("e2e/src/stories/mod.rs", &format!("name: \"{story}\""));
    }
    if let Some((file, function)) = word.split_once(".rs::") {
        return contains(&format!("{file}.rs"), &format!("fn {function}("));
    }
    let scenario = word.starts_with("crates/core/tests/scenarios/");
    Ok(scenario.then(|| Path::is_file(&root().join(word))))
}

#[cfg(test)]
mod tests {
    use super::{Row, exists};

    fn wrong(verdict: &str, because: &str) -> Vec<String> {
        let line = format!("| A1 | what went wrong | {verdict} | {because} |");
        Row::read(&line).expect("a row").wrong().expect("the sources can be read")
    }

    #[test]
    fn a_row_is_held_to_its_word() {
        let test = "`crates/core/tests/scenarios/update.txt`";
        assert_eq!(wrong("fixed", test), Vec::<String>::new());
        assert_eq!(wrong("cannot occur", "there is nothing like it"), Vec::<String>::new());
        assert_eq!(wrong("fixed", "by looking hard"), ["no test is named"]);
        assert_eq!(wrong("done", test), ["done is none of fixed, cannot occur, kept"]);
        let gone = wrong("fixed", "`crates/core/tests/scenarios/none.txt`");
        assert_eq!(gone[0], "there is no crates/core/tests/scenarios/none.txt");
    }

    #[test]
    fn a_test_is_found_by_each_kind_of_name() {
        for (word, found) in [
            ("Plant::StartsEmpty", Some(true)),
            ("Plant::Starts", Some(false)),
            ("suite: two updates", Some(true)),
            ("suite: three updates", Some(false)),
            ("story: recovery", Some(true)),
            ("story: recover", Some(false)),
            ("xtask/src/checks/defects.rs::a_row_is_held_to_its_word", Some(true)),
            ("xtask/src/checks/defects.rs::a_row", Some(false)),
            ("xtask/src/checks/nothing.rs::a_row", Some(false)),
            ("crates/core/src/state.rs", None),
        ] {
            assert_eq!(exists(word).expect("the sources can be read"), found, "{word}");
        }
    }
}

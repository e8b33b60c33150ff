//! The explanations of survivors: a line for each, below `#` lines that say why no test can, or need,
//! notice it. A line names the file, the change and the function, not the place: lines move.

use anyhow::{Result, bail, ensure};

use super::sample::Outcomes;

/// What the committed file explains. A change that is possible in two places of a function, and survives in both,
/// has two lines.
pub(super) struct Explained(Vec<String>);

impl Explained {
    /// Reads the file.
    ///
    /// # Errors
    /// Naming a line without an explanation above it, or one that names no mutant.
    pub(super) fn read(text: &str) -> Result<Explained> {
        let mut keys = Vec::new();
        let mut why = false;
        for (line, number) in text.lines().map(str::trim).zip(1..) {
            if line.is_empty() {
                why = false;
            } else if let Some(words) = line.strip_prefix('#') {
                why |= !words.trim().is_empty();
            } else {
                ensure!(why, "line {number}: there is no explanation (`# why`) above: {line}");
                let known = line.split_once(": ").is_some_and(|(file, _)| file.ends_with(".rs"));
                if !known {
                    bail!("line {number}: not `FILE.rs: CHANGE in FUNCTION`: {line}");
                }
                keys.push(line.to_owned());
            }
        }
        Ok(Explained(keys))
    }

    /// Whether such a mutant is explained.
    pub(super) fn has(&self, key: &str) -> bool {
        self.0.iter().any(|k| k == key)
    }

    /// The survivors, by their full names, that are not explained.
    pub(super) fn missing<'n>(&self, survived: &'n [String]) -> Vec<&'n str> {
        let mut left = self.0.clone();
        let mut missing = Vec::new();
        for name in survived {
            match left.iter().position(|k| *k == key(name)) {
                Some(at) => drop(left.swap_remove(at)),
                None => missing.push(name.as_str()),
            }
        }
        missing
    }

    /// The explanations of what was tried and did not survive.
    pub(super) fn superfluous(&self, outcomes: &Outcomes) -> Vec<&str> {
        let tried: Vec<String> = outcomes.noticed.iter().map(|name| key(name)).collect();
        let mut survived: Vec<String> = outcomes.survived.iter().map(|name| key(name)).collect();
        let mut superfluous = Vec::new();
        for k in &self.0 {
            match survived.iter().position(|s| s == k) {
                Some(at) => drop(survived.swap_remove(at)),
                None if tried.contains(k) => superfluous.push(k.as_str()),
                None => {}
            }
        }
        superfluous
    }
}

/// A mutant's name without line and column.
pub(super) fn key(name: &str) -> String {
    let mut parts = name.splitn(4, ':');
    match (parts.next(), parts.nth(2)) {
        (Some(file), Some(change)) => format!("{file}:{change}"),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Explained, Outcomes, key};

    const NAME: &str = "src/a.rs:12:5: replace a::f -> u8 with 0";

    fn explained(lines: &str) -> Explained {
        Explained::read(&format!("# Why.\n{lines}")).expect("it can be read")
    }

    #[test]
    fn a_mutant_is_known_by_its_file_function_and_change_wherever_it_stands() {
        assert_eq!(key(NAME), "src/a.rs: replace a::f -> u8 with 0");
        assert_eq!(key(NAME), key("src/a.rs:99:1: replace a::f -> u8 with 0"));
    }

    #[test]
    fn each_survivor_needs_a_line_of_its_own() {
        let survived = [NAME.to_owned(), NAME.replace("12", "13")];
        let line = key(NAME);
        assert_eq!(explained("").missing(&survived).len(), 2);
        assert_eq!(explained(&line).missing(&survived), [survived[1].as_str()]);
        assert!(explained(&format!("{line}\n{line}")).missing(&survived).is_empty());
    }

    #[test]
    fn an_explanation_of_what_is_noticed_is_told_and_one_of_what_was_not_tried_is_not() {
        let explained = explained(&format!("{}\nsrc/b.rs: replace g with ()", key(NAME)));
        let noticed = Outcomes { noticed: vec![NAME.to_owned()], ..Outcomes::default() };
        assert_eq!(explained.superfluous(&noticed), [key(NAME).as_str()]);
        let survived = Outcomes { survived: vec![NAME.to_owned()], ..Outcomes::default() };
        assert!(explained.superfluous(&survived).is_empty());
    }

    #[test]
    fn a_line_without_an_explanation_is_refused() {
        let refused = |text: &str| Explained::read(text).err().map(|e| e.to_string());
        let line = key(NAME);
        assert!(refused(&line).is_some_and(|e| e.contains("line 1")));
        assert!(refused(&format!("# Why.\n\n{line}")).is_some_and(|e| e.contains("line 3")));
        assert!(refused("# Why.\nsomething else").is_some_and(|e| e.contains("FILE.rs")));
        assert!(refused(&format!("#\n{line}")).is_some_and(|e| e.contains("no explanation")));
    }
}

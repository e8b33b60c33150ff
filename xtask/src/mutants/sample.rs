//! Parts of the mutants, what became of them, and the sum over all parts.

use std::fmt;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result, anyhow};

use super::lines;
use crate::workspace::{files, root, shown, text};

/// One of several parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shard {
    part: usize,
    of: usize,
}

impl Shard {
    /// A part of `all` with no more than `most`; none where that is everything.
    pub(super) fn of_at_most(all: usize, most: usize) -> Option<Shard> {
        let of = all.div_ceil(most.max(1));
        (of > 1).then_some(Shard { part: 0, of })
    }

    /// Every n-th, so that each part has some of every file.
    pub(super) fn of<T>(self, all: Vec<T>) -> Vec<T> {
        all.into_iter().skip(self.part).step_by(self.of).collect()
    }
}

impl FromStr for Shard {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Shard> {
        let numbers =
            text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
        let shard = numbers.map(|(part, of)| Shard { part, of }).filter(|s| s.part < s.of);
        shard.ok_or_else(|| anyhow!("not K/N with K from 0 to N - 1"))
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.part, self.of)
    }
}

/// What became of mutants, by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Outcomes {
    /// A test failed, or did not end.
    pub(super) noticed: Vec<String>,
    /// All tests passed.
    pub(super) survived: Vec<String>,
    /// Not a program: says nothing about tests.
    pub(super) unviable: Vec<String>,
}

impl Outcomes {
    /// How many could be tried.
    pub(super) fn viable(&self) -> usize {
        self.noticed.len() + self.survived.len()
    }

    fn kinds(&mut self) -> [(&'static str, &mut Vec<String>); 3] {
        let Outcomes { noticed, survived, unviable } = self;
        [("noticed", noticed), ("survived", survived), ("unviable", unviable)]
    }
}

impl fmt::Display for Outcomes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcomes { noticed, survived, unviable } = self;
        let all = self.viable() + unviable.len();
        let (noticed, survived) = (noticed.len(), survived.len());
        write!(
            f,
            "{all} mutants: {noticed} noticed, {survived} survived, {} unviable",
            unviable.len()
        )
    }
}

/// Keeps a part's outcomes, and adds up those of all parts where they are there and of the same code.
///
/// # Errors
/// Where files cannot be read or written.
pub(super) fn sum_up(
    folder: &Path,
    shard: Shard,
    mut outcomes: Outcomes,
) -> Result<Option<Outcomes>> {
    let code = code()?;
    let path = |part: usize| folder.join(format!("{part}-of-{}", shard.of));
    let mut kept = format!("{code}\n");
    for (kind, names) in outcomes.kinds() {
        kept.extend(names.iter().map(|name| format!("{kind} {name}\n")));
    }
    fs::write(path(shard.part), kept).context("keeping the outcomes")?;
    let mut sum = Outcomes::default();
    let mut lacking = Vec::new();
    for part in 0..shard.of {
        let lines = lines(&path(part));
        if lines.first() != Some(&code) {
            lacking.push(part.to_string());
        }
        for (kind, names) in sum.kinds() {
            let lines = lines.iter().filter_map(|line| line.strip_prefix(kind)?.strip_prefix(' '));
            names.extend(lines.map(str::to_owned));
        }
    }
    if lacking.is_empty() {
        return Ok(Some(sum));
    }
    println!("not yet tried, or not on this code, of {} parts: {}", shard.of, lacking.join(", "));
    Ok(None)
}

/// Stands for what the outcomes depend on: core, its tests, and the exploration.
fn code() -> Result<String> {
    let mut hasher = DefaultHasher::new();
    for package in ["crates/core", "crates/sim"] {
        for ending in [".rs", "/Cargo.toml", ".txt"] {
            for path in files(&root().join(package), ending)? {
                // The explanations change while shards are tried one after the other.
                if !path.ends_with("surviving-mutants.txt") {
                    (shown(&path), text(&path)?).hash(&mut hasher);
                }
            }
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::Shard;

    #[test]
    fn a_part_is_one_of_several() {
        let shard = |text: &str| text.parse::<Shard>().ok().map(|s| s.to_string());
        assert_eq!(shard("3/4").as_deref(), Some("3/4"));
        for wrong in ["4/4", "0/0", "1", "a/b", ""] {
            assert_eq!(shard(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_sample_has_no_more_than_it_may() {
        assert_eq!(Shard::of_at_most(30, 30), None);
        assert_eq!(Shard::of_at_most(31, 30), Some(Shard { part: 0, of: 2 }));
        assert_eq!(Shard { part: 1, of: 3 }.of(vec![0, 1, 2, 3, 4]), [1, 4]);
        assert_eq!(Shard::of_at_most(100, 30), Some(Shard { part: 0, of: 4 }));
    }
}

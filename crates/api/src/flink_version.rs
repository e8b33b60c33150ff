//! What `spec.flinkVersion` says. What is rendered depends on one thing of it, whether that Flink has the memory
//! model of 1.11; the operator's settings can differ from one release to the next.
//!
//! Read like hashicorp/go-version 1.2.1 reads it, because the answer is in the hash input: "1.11-SNAPSHOT" is below 1.11,
//! what cannot be read counts as below, too.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// A release of Flink, as `1.20`: what is patched in it makes no difference to who runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Release {
    /// The first number.
    pub major: u16,
    /// The second number.
    pub minor: u16,
}

/// A text is no release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoRelease(String);

impl fmt::Display for NoRelease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no release of Flink: two numbers, such as \"1.20\"", self.0)
    }
}

impl std::error::Error for NoRelease {}

impl Release {
    /// The release that a version belongs to (`1.20.1`, `v1.20`, `1.20-SNAPSHOT`); none where it cannot be read.
    #[must_use]
    pub fn of(version: &str) -> Option<Release> {
        let (numbers, _) = parse(version)?;
        let number = |index: usize| numbers.get(index).and_then(|n| u16::try_from(*n).ok());
        Some(Release { major: number(0)?, minor: number(1)? })
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Release {
    type Err = NoRelease;

    /// Reads exactly what [`Release`] is written as.
    fn from_str(text: &str) -> Result<Release, NoRelease> {
        let read = Release::of(text).filter(|release| release.to_string() == text);
        read.ok_or_else(|| NoRelease(text.to_owned()))
    }
}

/// True for 1.11 and newer: memory is then given as the process's size, before that as the heap's.
#[must_use]
pub fn has_process_memory(version: &str) -> bool {
    parse(version).is_some_and(|(segments, pre_release)| {
        // A pre-release counts only between versions of equal length, which are at least three long.
        let equal =
            if pre_release && segments.len() == 3 { Ordering::Less } else { Ordering::Equal };
        compare(&segments, &[1, 11, 0]).then(equal) != Ordering::Less
    })
}

fn compare(a: &[i64], b: &[i64]) -> Ordering {
    let length = a.len().max(b.len());
    let at = |segments: &[i64], index: usize| segments.get(index).copied().unwrap_or(0);
    let mut differences = (0..length).map(|index| at(a, index).cmp(&at(b, index)));
    differences.find(|difference| difference.is_ne()).unwrap_or(Ordering::Equal)
}

/// The numbers, at least three, and whether a pre-release follows.
fn parse(version: &str) -> Option<(Vec<i64>, bool)> {
    let version = version.strip_prefix('v').unwrap_or(version);
    let (version, metadata) = match version.split_once('+') {
        Some((version, metadata)) => (version, Some(metadata)),
        None => (version, None),
    };
    let end = version.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(version.len());
    let (numbers, pre_release) = version.split_at(end);
    let segments: Option<Vec<i64>> = numbers.split('.').map(|number| number.parse().ok()).collect();
    let mut segments = segments?;
    segments.resize(segments.len().max(3), 0);
    let readable =
        (pre_release.is_empty() || identifiers(pre_release)) && metadata.is_none_or(identifiers);
    readable.then_some((segments, !pre_release.is_empty()))
}

/// Words of letters, digits, dashes and tildes, joined by points.
fn identifiers(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '~';
    text.split('.').all(|part| !part.is_empty() && part.chars().all(word))
}

#[cfg(test)]
mod tests {
    use super::{Release, has_process_memory};

    #[test]
    fn versions_are_read_as_the_reference_operator_reads_them() {
        for version in [
            "1.11",
            "1.11.0",
            "v1.11",
            "1.18",
            "2.0",
            "2.3.0",
            "1.12-SNAPSHOT",
            "1.11.0.0-rc1",
            "1.11.1-x",
            "1.18-",
        ] {
            assert!(has_process_memory(version), "{version}");
        }
        for version in [
            "",
            "1.7",
            "1.10.3",
            "1.11-SNAPSHOT",
            "1.11rc1",
            "latest",
            "V1.18",
            "1..18",
            "1.18 ",
            "1",
        ] {
            assert!(!has_process_memory(version), "{version}");
        }
    }

    #[test]
    fn a_version_belongs_to_the_release_of_its_first_two_numbers() {
        let of = |version| Release::of(version).map(|release| release.to_string());
        for version in ["1.20", "1.20.1", "v1.20", "1.20-SNAPSHOT", "1.20.0+x"] {
            assert_eq!(of(version).as_deref(), Some("1.20"), "{version}");
        }
        assert_eq!(of("2").as_deref(), Some("2.0"));
        for version in ["", "latest", "1..18", "70000.1"] {
            assert_eq!(of(version), None, "{version}");
        }
    }

    #[test]
    fn a_release_is_written_in_one_way() {
        assert_eq!("1.13".parse(), Ok(Release { major: 1, minor: 13 }));
        for text in ["1.13.0", "1", "v1.13", "1.013", "1.13-x", "1.x", ""] {
            let told = text.parse::<Release>().unwrap_err().to_string();
            assert!(told.contains("such as \"1.20\""), "{told}");
        }
    }
}

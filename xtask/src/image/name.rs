//! Names of an image, `NAME:TAG`, and how Kubernetes reads them.

use std::str::FromStr;

use anyhow::{Error, Result, ensure};

/// A name with a tag, as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name(String);

impl Name {
    /// As it was given.
    pub(crate) fn given(&self) -> &str {
        &self.0
    }

    /// With its registry, and the folder that Docker Hub has official images in: containerd imports under
    /// that name alone, and the kubelet looks for it.
    pub(crate) fn full(&self) -> String {
        match self.0.split_once('/') {
            None => format!("docker.io/library/{}", self.0),
            Some((host, _)) if host.contains(['.', ':']) || host == "localhost" => self.0.clone(),
            Some(_) => format!("docker.io/{}", self.0),
        }
    }
}

impl FromStr for Name {
    type Err = Error;

    fn from_str(given: &str) -> Result<Name> {
        let right = "NAME:TAG, such as registry.example.com/flinkk8soperator:0.1.0";
        // The last part alone: a registry's port stands behind a colon, too.
        let (folders, last) = match given.rsplit_once('/') {
            None => (None, given),
            Some((folders, last)) => (Some(folders), last),
        };
        let (name, tag) = last.split_once(':').unwrap_or((last, ""));
        let small = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let folder = |part: &str| !part.is_empty() && part.chars().all(|c| small(c) || c == ':');
        let mut folders = folders.into_iter().flat_map(|folders| folders.split('/'));
        ensure!(
            !name.is_empty() && name.chars().all(small) && folders.all(folder),
            "a name has small letters, digits, `.`, `_`, `-` and `/`; right would be {right}"
        );
        let tagged = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        ensure!(
            !tag.is_empty() && tag.len() <= 128 && tag.chars().all(tagged),
            "a tag has up to 128 letters, digits, `.`, `_` and `-`; right would be {right}"
        );
        Ok(Name(given.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Name;

    #[test]
    fn a_name_is_completed_as_the_kubelet_does() {
        for (given, full) in [
            ("operator:1", "docker.io/library/operator:1"),
            ("team/operator:1", "docker.io/team/operator:1"),
            ("localhost/operator:1", "localhost/operator:1"),
            ("example.com:5000/a/operator:1.0-rc_1", "example.com:5000/a/operator:1.0-rc_1"),
        ] {
            let name: Name = given.parse().expect(given);
            assert_eq!(name.full(), full);
            assert_eq!(name.given(), given);
        }
    }

    #[test]
    fn what_is_no_name_with_a_tag_is_refused_with_what_would_be_right() {
        for (given, told) in [
            ("operator", "a tag has"),
            ("operator:", "a tag has"),
            ("example.com:5000/operator", "a tag has"),
            ("operator:a b", "a tag has"),
            ("Operator:1", "a name has"),
            ("a//operator:1", "a name has"),
            ("/operator:1", "a name has"),
            (":1", "a name has"),
        ] {
            let error = given.parse::<Name>().expect_err(given).to_string();
            assert!(error.starts_with(told), "{given}: {error}");
            assert!(error.contains("such as registry.example.com/"), "{error}");
        }
    }
}

//! The operator's rights on the real cluster: what its accounts asked the API server for by the audit log, compared with
//! what `docs/operations/permissions.md` grants. The same on the simulated cluster: `permissions.rs` of the runtime's tests.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::workspace::{root, text};

/// API group, resource (with its subresource) and verb.
type Right = (String, String, String);

/// The accounts of the operator: beside the stories, and as its chart installs it.
const ACCOUNTS: [&str; 2] = [
    "system:serviceaccount:flinkk8soperator-e2e:flinkk8soperator-e2e",
    "system:serviceaccount:flinkk8soperator-e2e-operator:flinkk8soperator",
];

/// Rights that no story of the fixed set comes to; each is used in the simulated cluster, where a test says so.
const NOT_IN_THE_STORIES: [(&str, &str, &str); 5] = [
    // TaskManagers that may have tasks of a job whose JobManager ended while it was sent.
    ("", "pods", "delete"),
    // Fewer TaskManagers under a job that runs, while some run nothing.
    ("", "pods", "patch"),
    // Something of that name is there, and the watch does not show it yet.
    ("", "services", "get"),
    ("networking.k8s.io", "ingresses", "get"),
    // Another format of the hosts, which is a setting.
    ("networking.k8s.io", "ingresses", "patch"),
];

/// Rights that were asked for, and whether each was given.
#[derive(Debug, Default)]
pub(super) struct Asked {
    used: BTreeSet<Right>,
    refused: BTreeSet<Right>,
}

impl Asked {
    /// By the API server's audit log.
    ///
    /// # Errors
    /// Where it cannot be read, or has nothing of the operator.
    pub(super) fn read(log: &Path) -> Result<Asked> {
        let file = File::open(log).with_context(|| log.display().to_string())?;
        let mut asked = Asked::default();
        for line in BufReader::new(file).lines() {
            let event: Value = serde_json::from_str(&line?).context("a line of the audit log")?;
            asked.add(&event);
        }
        ensure!(!asked.used.is_empty(), "{} has nothing of the operator", log.display());
        Ok(asked)
    }

    fn add(&mut self, event: &Value) {
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let user = event["user"]["username"].as_str().unwrap_or_default();
        let object = &event["objectRef"];
        // Discovery names no object; everyone may do it.
        if !ACCOUNTS.contains(&user) || object["resource"].is_null() {
            return;
        }
        let resource = match word(&object["subresource"]).as_str() {
            "" => word(&object["resource"]),
            subresource => format!("{}/{subresource}", word(&object["resource"])),
        };
        let right = (word(&object["apiGroup"]), resource, word(&event["verb"]));
        match event["annotations"]["authorization.k8s.io/decision"].as_str() {
            Some("allow") => self.used.insert(right),
            _ => self.refused.insert(right),
        };
    }

    /// Compares with what is granted. `complete`: every story of the fixed set was told.
    ///
    /// # Errors
    /// Where a right was lacking; or, where all is to have been used, one was not.
    pub(super) fn compare(&self, complete: bool) -> Result<()> {
        // Some are refused for a moment to one that is being removed, whose role goes before its pods do.
        let lacking: BTreeSet<_> = self.refused.difference(&self.used).collect();
        ensure!(lacking.is_empty(), "rights that the operator lacked: {lacking:?}");
        let granted = granted()?;
        let unused: BTreeSet<_> = granted.difference(&self.used).cloned().collect();
        println!("     {} rights granted, {} used, none lacking", granted.len(), self.used.len());
        let known = |(group, resource, verb): &Right| {
            NOT_IN_THE_STORIES.contains(&(group.as_str(), resource.as_str(), verb.as_str()))
        };
        let unknown: Vec<_> = unused.iter().filter(|right| !known(right)).collect();
        ensure!(!complete || unknown.is_empty(), "rights that nothing used: {unknown:?}");
        Ok(())
    }
}

/// What is granted inside a cluster: on applications, and in the operator's own namespace.
fn granted() -> Result<BTreeSet<Right>> {
    let manifest = text(&root().join("deploy/2-rights.yaml"))?;
    let mut all = BTreeSet::new();
    for document in manifest.split("---\n") {
        let object: Value = serde_saphyr::from_str(document).context("deploy/2-rights.yaml")?;
        for rule in object["rules"].as_array().into_iter().flatten() {
            let words = |of: &str| -> Vec<String> {
                let words = rule[of].as_array().into_iter().flatten();
                words.filter_map(Value::as_str).map(str::to_owned).collect()
            };
            for group in words("apiGroups") {
                for resource in words("resources") {
                    let verbs = words("verbs").into_iter();
                    all.extend(verbs.map(|verb| (group.clone(), resource.clone(), verb)));
                }
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ACCOUNTS, Asked, NOT_IN_THE_STORIES, granted};

    fn asked(user: &str, subresource: &str, decision: &str) -> Asked {
        let mut asked = Asked::default();
        asked.add(&event(user, subresource, decision));
        asked
    }

    fn event(user: &str, subresource: &str, decision: &str) -> Value {
        json!({
            "verb": "update", "user": { "username": user },
            "objectRef": {
                "apiGroup": "flink.k8s.io", "resource": "flinkapplications", "subresource": subresource,
            },
            "annotations": { "authorization.k8s.io/decision": decision },
        })
    }

    #[test]
    fn what_was_granted_is_told_from_what_was_refused() {
        let status = granted().unwrap().into_iter().find(|(_, resource, _)| resource.contains('/'));
        let used = asked(ACCOUNTS[0], "status", "allow").used;
        assert_eq!(used.into_iter().next(), status);
        let spec = asked(ACCOUNTS[1], "", "forbid");
        let told = spec.compare(false).unwrap_err().to_string();
        assert!(told.contains("lacked") && told.contains("flinkapplications"), "{told}");
    }

    #[test]
    fn what_is_refused_only_once_the_role_is_gone_was_not_lacking() {
        let mut removed = asked(ACCOUNTS[1], "status", "allow");
        removed.add(&event(ACCOUNTS[1], "status", "forbid"));
        assert_eq!(removed.refused.len(), 1);
        removed.compare(false).unwrap();
    }

    #[test]
    fn what_no_story_comes_to_is_granted() {
        let granted = granted().unwrap();
        for (group, resource, verb) in NOT_IN_THE_STORIES {
            let right = (group.to_owned(), resource.to_owned(), verb.to_owned());
            assert!(granted.contains(&right), "{right:?}");
        }
    }

    #[test]
    fn others_do_not_count() {
        let other = asked("system:serviceaccount:kube-system:default", "", "forbid");
        assert!(other.used.is_empty() && other.refused.is_empty());
    }

    #[test]
    fn a_right_that_nothing_used_is_told_only_once_all_was_to_be_used() {
        let one = asked(ACCOUNTS[0], "status", "allow");
        one.compare(false).unwrap();
        let told = one.compare(true).unwrap_err().to_string();
        assert!(told.contains("nothing used") && told.contains("pods"), "{told}");
    }
}

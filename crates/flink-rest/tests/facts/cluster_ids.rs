//! How long a cluster id may be, and of which characters.

use serde::Deserialize;

use crate::recording::Recording;

#[derive(Debug, Deserialize)]
struct Case {
    ha: String,
    length: usize,
    cluster_id: String,
    /// That of a job that was run.
    checkpoints: Option<String>,
    /// Of a JobManager that ended.
    exit_status: Option<i32>,
    #[serde(default)]
    log: Vec<String>,
}

impl Case {
    fn works(&self) -> bool {
        self.checkpoints.as_deref() == Some("complete")
    }

    fn logs(&self, words: &str) -> bool {
        self.log.iter().any(|line| line.contains(words))
    }
}

fn cases(ha: &str) -> Vec<Case> {
    let read = |version| Recording::<Case>::read("cluster-ids", version).cases;
    let all = ["1.20.5", "2.3.0"].into_iter().flat_map(read);
    all.filter(|case| case.ha == ha).collect()
}

#[test]
fn with_zookeeper_an_id_is_a_directory_in_the_storage() {
    let cases = cases("zookeeper");
    for case in &cases {
        // The longest name that the file system allows; ZooKeeper itself allows more.
        assert_eq!(case.works(), case.length <= 255, "{case:?}");
        if !case.works() {
            assert_eq!(case.exit_status, Some(239), "{case:?}");
        }
    }
    let ids: Vec<&str> = cases.iter().map(|case| case.cluster_id.as_str()).collect();
    assert!(ids.contains(&"App_1") && ids.contains(&"a/b"), "every character goes");
}

#[test]
fn with_kubernetes_an_id_is_a_label_and_the_beginning_of_a_name() {
    for case in cases("kubernetes") {
        let valid = ["App-1", "app-1-"].iter().all(|id| case.cluster_id != *id);
        assert_eq!(case.works(), case.length <= 63 && valid, "{case:?}");
        if !case.works() {
            // The JobManager lives on without ever being the leader; only its log tells why.
            assert_eq!(case.exit_status, None, "{case:?}");
            assert!(case.logs("is invalid: "), "{case:?}");
        }
        if case.length == 64 {
            assert!(case.logs("must be no more than 63 characters"), "{case:?}");
        }
    }
}

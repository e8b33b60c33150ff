//! The cluster: overview, configuration, TaskManagers, jars.

use serde::Deserialize;

use crate::version::FlinkVersion;

/// `/overview`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Overview {
    /// Registered TaskManagers.
    pub taskmanagers: u32,
    /// Slots of all registered TaskManagers.
    pub slots_total: u32,
    /// Slots that no job holds.
    pub slots_available: u32,
    /// Jobs that have not ended.
    pub jobs_running: u32,
    /// Jobs that ended by themselves, or by a stop.
    pub jobs_finished: u32,
    /// Cancelled jobs.
    pub jobs_cancelled: u32,
    /// Jobs that failed for good.
    pub jobs_failed: u32,
    /// The version that answered.
    pub flink_version: FlinkVersion,
}

/// `/config`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ServerConfig {
    /// How old job details and checkpoint statistics may be, in milliseconds
    /// (`web.refresh-interval`, 3000 by default).
    pub refresh_interval: u64,
    /// The version that answered.
    pub flink_version: FlinkVersion,
    /// What may be done over REST.
    #[serde(default)]
    pub features: Features,
}

/// What a cluster's configuration allows over REST. A version that does not say allows it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Features {
    /// Jars can be run (`web.submit.enable`).
    pub web_submit: bool,
    /// The web page offers to cancel jobs (`web.cancel.enable`). REST cancels in any case.
    pub web_cancel: bool,
}

impl Default for Features {
    fn default() -> Self {
        Self { web_submit: true, web_cancel: true }
    }
}

/// `/jobmanager/config`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct JobManagerConfig(pub Vec<ConfigEntry>);

/// One line of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ConfigEntry {
    /// The key.
    pub key: String,
    /// The value; Flink hides those of keys that look like a secret.
    pub value: String,
}

impl JobManagerConfig {
    /// The value of `key`.
    #[must_use]
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str())
    }
}

/// `/taskmanagers`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TaskManagers {
    /// Those registered at the JobManager that answered.
    pub taskmanagers: Vec<TaskManager>,
}

/// A registered TaskManager.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskManager {
    /// Its resource id.
    pub id: String,
    /// Where the JobManager reaches it: `pekko.tcp://flink@10.1.2.3:6122/user/rpc/taskmanager_0`.
    pub path: String,
    /// When it was heard of last (despite the name this is an instant); `None`: not yet.
    #[serde(deserialize_with = "super::positive", rename = "timeSinceLastHeartbeat")]
    pub last_heartbeat: Option<u64>,
    /// All its slots.
    #[serde(rename = "slotsNumber")]
    pub slots: u32,
    /// Those that no job holds.
    pub free_slots: u32,
}

impl TaskManager {
    /// The host in [`path`](Self::path), without the brackets of an IPv6 address.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        let (_, rest) = self.path.split_once("://")?;
        let authority = rest.split('/').next()?;
        let (host, _port) = authority.rsplit('@').next()?.rsplit_once(':')?;
        Some(host.trim_start_matches('[').trim_end_matches(']'))
    }
}

/// `/jars`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Jars {
    /// The jars that Flink lists, see [`crate::request::jars`].
    pub files: Vec<Jar>,
}

/// A jar in the upload directory.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Jar {
    /// The file's name, under which it can be run.
    pub id: String,
    /// The name it was uploaded with.
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_host_of_a_task_manager() {
        for (path, host) in [
            ("pekko.tcp://flink@10.1.2.3:6122/user/rpc/taskmanager_0", Some("10.1.2.3")),
            ("akka.tcp://flink@[fd00::7]:6122/user/rpc/taskmanager_0", Some("fd00::7")),
            ("akka.tcp://flink-metrics@tm-1:6122/user", Some("tm-1")),
            ("akka://flink/user/rpc/taskmanager_0", None),
            ("", None),
        ] {
            let manager = TaskManager {
                id: String::new(),
                path: path.to_owned(),
                last_heartbeat: None,
                slots: 1,
                free_slots: 1,
            };
            assert_eq!(manager.host(), host, "{path}");
        }
    }

    #[test]
    fn looks_up_configuration() {
        let json = r#"[{"key":"a","value":"1"},{"key":"ab","value":"2"}]"#;
        let config: JobManagerConfig = serde_json::from_str(json).unwrap();
        assert_eq!((config.value("ab"), config.value("b")), (Some("2"), None));
    }
}

//! Names of things, one newtype each, and the function that derives ids before they are sent.
//!
//! Every remote operation carries an id that was chosen and persisted before. The ids are derived,
//! not drawn: the machine has no randomness, and the same state names the same operation again.

use std::fmt;
use std::str::FromStr;

/// FNV-1a, 128 bits. Zero is skipped (Flink reads an all-zero job id as "none"): the text is then
/// hashed with one more `/`.
#[must_use]
pub fn derive(text: &str) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let step = |hash: u128, byte: u8| (hash ^ u128::from(byte)).wrapping_mul(PRIME);
    let hash = text.bytes().fold(OFFSET, step);
    if hash == 0 { step(hash, b'/') } else { hash }
}

/// The value of the label `pod-deployment-selector`: the first 12 hex digits of the id function
/// over (UID, incarnation, role), so that no selector ever matches another incarnation's pods.
#[must_use]
pub fn selector(application: Uid, incarnation: Incarnation, role: Role) -> String {
    let text = format!("{application}/{incarnation}/{role}");
    format!("{:032x}", derive(&text))[..12].to_owned()
}

/// A value that could not be read as the id it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadId {
    /// What was expected, in words.
    pub expected: &'static str,
    /// What was found.
    pub found: String,
}

impl fmt::Display for BadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {:?}", self.expected, self.found)
    }
}

impl std::error::Error for BadId {}

/// A Kubernetes UID: an RFC 4122 UUID ("Object Names and IDs" in the Kubernetes documentation).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uid(pub u128);

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hex = format!("{:032x}", self.0);
        let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
        write!(f, "{a}-{b}-{c}-{d}-{e}")
    }
}

impl FromStr for Uid {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Uid, BadId> {
        let bad = || BadId { expected: "a UUID", found: text.to_owned() };
        let hex: String = text.chars().filter(|c| *c != '-').collect();
        if hex.len() != 32 {
            return Err(bad());
        }
        u128::from_str_radix(&hex, 16).map(Uid).map_err(|_| bad())
    }
}

/// The reference's deploy hash: names the objects of a version (32 bits, written as 8 hex digits).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeployHash(pub u32);

impl fmt::Display for DeployHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

impl FromStr for DeployHash {
    type Err = BadId;

    fn from_str(text: &str) -> Result<DeployHash, BadId> {
        let bad = || BadId { expected: "8 hex digits", found: text.to_owned() };
        if text.len() != 8 {
            return Err(bad());
        }
        u32::from_str_radix(text, 16).map(DeployHash).map_err(|_| bad())
    }
}

/// Fingerprint of everything in an application that can make a difference to it: the spec, and the
/// metadata that tools do not own. Equal digests mean that there is nothing to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u64);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Digest {
    type Err = BadId;

    fn from_str(text: &str) -> Result<Digest, BadId> {
        let bad = || BadId { expected: "16 hex digits", found: text.to_owned() };
        if text.len() != 16 {
            return Err(bad());
        }
        u64::from_str_radix(text, 16).map(Digest).map_err(|_| bad())
    }
}

/// Number of a cluster of an application, from 1 on. A version's hash can come twice, an
/// incarnation cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Incarnation(pub u32);

impl fmt::Display for Incarnation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// What a Deployment or a pod is within a Flink cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Role {
    /// Takes submissions, runs no tasks.
    JobManager,
    /// Runs tasks.
    TaskManager,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Role::JobManager => "jobmanager",
            Role::TaskManager => "taskmanager",
        })
    }
}

/// One run of a container: a restarted container is another process, with nothing of the first
/// one's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Process {
    /// The pod's UID.
    pub pod: Uid,
    /// The container's restart count.
    pub restarts: u32,
}

macro_rules! flink_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u128);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:032x}", self.0)
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<$name, BadId> {
                let bad = || BadId { expected: "32 hex digits", found: text.to_owned() };
                if text.len() != 32 {
                    return Err(bad());
                }
                u128::from_str_radix(text, 16).map($name).map_err(|_| bad())
            }
        }
    };
}

flink_id!(
    /// A Flink job's id. Ours, chosen before the submission (`jobId`, Flink 1.13 to 2.3).
    JobId
);
flink_id!(
    /// A Flink operation's id. Ours from Flink 1.15 on (`triggerId`, FLINK-24208).
    TriggerId
);
flink_id!(
    /// A vertex of a job's graph, as Flink names it.
    VertexId
);

/// The source of new ids of one application: an epoch and a counter, both persisted, so that an id
/// never comes twice, not even after a lost status (which begins a new epoch).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Ids {
    /// The millisecond at which the state was created or rebuilt.
    pub epoch: u64,
    /// How many ids were given out in this epoch.
    pub issued: u64,
}

impl Ids {
    /// A new job id.
    pub fn job(&mut self, application: Uid) -> JobId {
        JobId(self.next(application, "job"))
    }

    /// A new trigger id.
    pub fn trigger(&mut self, application: Uid) -> TriggerId {
        TriggerId(self.next(application, "trigger"))
    }

    fn next(&mut self, application: Uid, kind: &str) -> u128 {
        self.issued += 1;
        derive(&format!("{application}/{}/{}/{kind}", self.epoch, self.issued))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const APPLICATION: Uid = Uid(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);

    #[test]
    fn the_id_function_is_fnv_1a_with_128_bits() {
        // Vectors of the FNV draft (draft-eastlake-fnv).
        assert_eq!(derive(""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(derive("a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(derive("foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn an_id_depends_on_application_epoch_counter_and_kind() {
        let mut ids = Ids { epoch: 7, issued: 0 };
        let first = ids.job(APPLICATION);
        assert_eq!(first.0, derive("01234567-89ab-cdef-0123-456789abcdef/7/1/job"));
        assert_ne!(first, ids.job(APPLICATION));
        assert_eq!(ids.issued, 2);
    }

    #[test]
    fn ids_survive_being_written_and_read() {
        assert_eq!(APPLICATION.to_string().parse(), Ok(APPLICATION));
        assert_eq!("00c0ffee".parse(), Ok(DeployHash(0x00c0_ffee)));
        assert_eq!(DeployHash(0x00c0_ffee).to_string(), "00c0ffee");
        assert_eq!(Digest(0xc0ffee).to_string().parse(), Ok(Digest(0xc0ffee)));
        assert_eq!(JobId(5).to_string().parse(), Ok(JobId(5)));
        assert!("c0ffee".parse::<DeployHash>().is_err());
        let error = "not-a-uid".parse::<Uid>().expect_err("it is none").to_string();
        assert!(error.starts_with("expected ") && error.ends_with("\"not-a-uid\""), "{error}");
    }

    #[test]
    fn a_selector_differs_by_incarnation_and_role() {
        let of = |n, role| selector(APPLICATION, Incarnation(n), role);
        assert_eq!(of(1, Role::JobManager).len(), 12);
        assert_ne!(of(1, Role::JobManager), of(2, Role::JobManager));
        assert_ne!(of(1, Role::JobManager), of(1, Role::TaskManager));
    }
}

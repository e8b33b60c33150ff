//! Why a call failed: who answered, whose fault it is, whether Flink may have acted, and whether
//! asking again can help. What is done about it is decided elsewhere.

use http::StatusCode;

use crate::request::Unsupported;
use crate::transport::Failure;

/// A call without the answer that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The running Flink has no such call; nothing was sent.
    #[error(transparent)]
    Unsupported(#[from] Unsupported),
    /// The request has no URI; nothing was sent.
    #[error("the address of this Flink makes no URI")]
    Address(#[source] http::Error),
    /// The exchange did not come to its end.
    #[error(transparent)]
    Transport(#[from] Failure),
    /// Who asks is not let in.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// Something between us and Flink answered.
    #[error(transparent)]
    Intermediary(#[from] Intermediary),
    /// Flink itself answered that it did not do what was asked.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A success whose body is not what this call answers.
    #[error("the answer is not one of Flink's")]
    Answer(#[source] serde_json::Error),
}

/// 401 or 403 at Flink's own address: from Flink's, or whatever stands before it there, and passed on by neither.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{status}{}{message}", if message.is_empty() { "" } else { ": " })]
pub struct Denied {
    /// Which of the two.
    pub status: StatusCode,
    /// Its words, shortened.
    pub message: String,
}

/// An error that a proxy or the API server answered in Flink's place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{who} answered {status} in place of Flink: {message}")]
pub struct Intermediary {
    /// `the API server`, or `a proxy` where the answer does not tell.
    pub who: &'static str,
    /// Its status.
    pub status: StatusCode,
    /// Its words, shortened.
    pub message: String,
}

/// An error that Flink itself answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Flink's status; it differs between versions for one and the same cause.
    pub status: StatusCode,
    /// What it means.
    pub cause: Cause,
    /// What Flink says, for a person, without the stack trace.
    pub message: String,
}

/// What Flink's refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// No JobManager is the leader (yet); lasts some seconds.
    NoLeader,
    /// The job is being started or taken down and cannot be asked for this yet.
    NotReady,
    /// A call inside Flink took too long: what was asked may have been done all the same.
    TimedOut,
    /// This JobManager does not know the job. It may come to know it (a `main` that still runs), and
    /// its TaskManagers may still run it after a restart.
    JobUnknown,
    /// The operation is unknown or forgotten: only the statistics tell what became of it.
    OperationUnknown,
    /// The job makes no checkpoints.
    CheckpointingDisabled,
    /// The job has ended (1.15 and newer; older ones answer [`Cause::JobUnknown`] to a cancel).
    AlreadyEnded,
    /// A job of this id runs or has run here.
    DuplicateJob,
    /// The jar is not in the image.
    JarMissing,
    /// The entry class is not in the jar, cannot be loaded, or is not named anywhere.
    EntryClassMissing,
    /// `main` threw.
    MainFailed,
    /// The savepoint or checkpoint does not exist or does not fit the job.
    RestoreRefused,
    /// The job's JobMaster could not be started.
    JobNotStarted,
    /// The cluster's scheduler cannot do this.
    SchedulerUnsuited,
    /// Flink has nothing at this path: the version has no such call.
    CallUnknown,
    /// Flink does not accept the request.
    RequestInvalid,
    /// Something failed inside Flink.
    Internal,
}

/// Who has to do something about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// The user: the spec, the jar, the image, the savepoint.
    User,
    /// The Flink cluster.
    Flink,
    /// The network, or what stands between.
    Transport,
    /// The operator: a wrong request, missing rights.
    Us,
}

/// What sending the same request to the same Flink again can bring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Another answer, with time alone.
    Later,
    /// Another answer, once the spec, the image, the files or the cluster's configuration changed.
    AfterChange,
    /// Never another answer.
    Never,
}

/// How far a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reached {
    /// It was not sent: Flink did nothing.
    No,
    /// Flink may have got it, and may be doing it still.
    Perhaps,
    /// Flink got it and answered that it was not done.
    Answered,
}

impl Error {
    /// Who has to do something about it.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Unsupported(_) | Self::Denied(_) => Fault::User,
            Self::Address(_) => Fault::Us,
            Self::Transport(_) | Self::Answer(_) => Fault::Transport,
            Self::Intermediary(between) => between.fault(),
            Self::Refused(refusal) => refusal.cause.fault(),
        }
    }

    /// What asking the same again can bring.
    #[must_use]
    pub fn retry(&self) -> Retry {
        match self {
            Self::Unsupported(_) | Self::Denied(_) => Retry::AfterChange,
            Self::Address(_) => Retry::Never,
            Self::Transport(failure) => failure.retry(),
            Self::Intermediary(_) | Self::Answer(_) => Retry::Later,
            Self::Refused(refusal) => refusal.cause.retry(),
        }
    }

    /// How far the request came. Only [`Reached::Answered`] is a word of Flink itself.
    #[must_use]
    pub fn reached(&self) -> Reached {
        match self {
            Self::Unsupported(_) | Self::Address(_) | Self::Denied(_) => Reached::No,
            Self::Transport(failure) => failure.reached(),
            Self::Intermediary(_) | Self::Answer(_) => Reached::Perhaps,
            Self::Refused(refusal) => refusal.cause.reached(),
        }
    }

    /// What Flink's refusal means; `None` if Flink itself did not refuse.
    #[must_use]
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Refused(refusal) => Some(refusal.cause),
            Self::Unsupported(_)
            | Self::Address(_)
            | Self::Transport(_)
            | Self::Denied(_)
            | Self::Intermediary(_)
            | Self::Answer(_) => None,
        }
    }
}

impl Intermediary {
    fn fault(&self) -> Fault {
        match self.status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Fault::Us,
            _ => Fault::Transport,
        }
    }
}

impl Cause {
    fn fault(self) -> Fault {
        match self {
            Self::JarMissing
            | Self::EntryClassMissing
            | Self::MainFailed
            | Self::RestoreRefused
            | Self::CheckpointingDisabled
            | Self::SchedulerUnsuited => Fault::User,
            Self::NoLeader
            | Self::NotReady
            | Self::TimedOut
            | Self::JobUnknown
            | Self::OperationUnknown
            | Self::JobNotStarted
            | Self::Internal => Fault::Flink,
            Self::AlreadyEnded | Self::DuplicateJob | Self::CallUnknown | Self::RequestInvalid => {
                Fault::Us
            }
        }
    }

    fn retry(self) -> Retry {
        match self {
            Self::NoLeader
            | Self::NotReady
            | Self::TimedOut
            | Self::JobUnknown
            | Self::JobNotStarted
            | Self::Internal => Retry::Later,
            Self::JarMissing
            | Self::EntryClassMissing
            | Self::MainFailed
            | Self::RestoreRefused
            | Self::CheckpointingDisabled
            | Self::SchedulerUnsuited => Retry::AfterChange,
            Self::OperationUnknown
            | Self::AlreadyEnded
            | Self::DuplicateJob
            | Self::CallUnknown
            | Self::RequestInvalid => Retry::Never,
        }
    }

    fn reached(self) -> Reached {
        match self {
            Self::TimedOut => Reached::Perhaps,
            Self::NoLeader
            | Self::NotReady
            | Self::JobUnknown
            | Self::OperationUnknown
            | Self::CheckpointingDisabled
            | Self::AlreadyEnded
            | Self::DuplicateJob
            | Self::JarMissing
            | Self::EntryClassMissing
            | Self::MainFailed
            | Self::RestoreRefused
            | Self::JobNotStarted
            | Self::SchedulerUnsuited
            | Self::CallUnknown
            | Self::RequestInvalid
            | Self::Internal => Reached::Answered,
        }
    }
}

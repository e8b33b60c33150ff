//! The closed list of reasons: condition reason, event reason and metric label are these words.

use crate::words::words;

words! {
    /// How an application stands, in one word.
    Reason {
        /// A version is on its way to running.
        Deploying,
        /// Its pods report trouble that may pass.
        PodTrouble,
        /// The old version is being put back.
        RollingBack,
        /// The old version could not be put back as often as it may be tried.
        RollbackFailed,
        /// A job that was lost is being started again.
        Recovering,
        /// The version runs and is watched until it is confirmed.
        Confirming,
        /// The version runs and is confirmed.
        Running,
        /// The version was confirmed, and not every vertex of its job runs: Flink restarts it, or waits for
        /// task slots.
        JobRestarting,
        /// The job ended by itself: a success.
        JobFinished,
        /// The job failed for good.
        JobFailed,
        /// The JobManager does not know the job any more.
        JobLost,
        /// A person cancelled the job.
        JobCanceledExternally,
        /// The job restarts again and again before it is confirmed.
        RestartLoop,
        /// Flink does not answer.
        FlinkUnreachable,
        /// A deploy was given up; an older version may run.
        DeployFailed,
        /// On its way out.
        Deleting,
        /// The spec is wrong.
        InvalidSpec,
        /// The spec asks for something that this version of the operator cannot do.
        NotYetSupported,
        /// `status.machine` cannot be read.
        Unreadable,
        /// The CRD is older than the operator and prunes what it writes.
        CrdOutdated,
        /// The operator has a defect, on which its rounds for this application end.
        InternalError,
        /// Objects that are not ours are in the way.
        NameTaken,
        /// The cluster runs a Flink that cannot be updated.
        FlinkTooOld,
        /// What the reference operator has left does not fit its status, or its spec.
        AdoptionHashMismatch,
        /// A live job that is not ours is on the cluster.
        ForeignJob,
        /// It cannot be proven what the newest state is.
        RestorePointUnproven,
        /// The job cannot be stopped with a savepoint, and would take its checkpoints with it.
        CheckpointsNotRetained,
        /// Two versions run: an edit is deployed once one of them was torn down.
        TearDownFirst,
    }
}

impl Reason {
    /// No progress without a person.
    #[must_use]
    pub fn stalled(self) -> bool {
        match self {
            Reason::InvalidSpec
            | Reason::NotYetSupported
            | Reason::Unreadable
            | Reason::CrdOutdated
            | Reason::InternalError
            | Reason::NameTaken
            | Reason::FlinkTooOld
            | Reason::ForeignJob
            | Reason::AdoptionHashMismatch
            | Reason::JobLost
            | Reason::JobFailed
            | Reason::RollbackFailed
            | Reason::RestorePointUnproven
            | Reason::TearDownFirst
            | Reason::CheckpointsNotRetained => true,
            Reason::Deploying
            | Reason::PodTrouble
            | Reason::Recovering
            | Reason::RollingBack
            | Reason::Confirming
            | Reason::Running
            | Reason::JobRestarting
            | Reason::JobFinished
            | Reason::JobCanceledExternally
            | Reason::RestartLoop
            | Reason::FlinkUnreachable
            | Reason::DeployFailed
            | Reason::Deleting => false,
        }
    }

    /// On its way by itself.
    #[must_use]
    pub fn reconciling(self) -> bool {
        match self {
            Reason::Deploying
            | Reason::PodTrouble
            | Reason::Recovering
            | Reason::RollingBack
            | Reason::Confirming
            | Reason::JobRestarting
            | Reason::RestartLoop
            | Reason::FlinkUnreachable
            | Reason::Deleting => true,
            Reason::Running
            | Reason::JobFinished
            | Reason::JobFailed
            | Reason::JobLost
            | Reason::JobCanceledExternally
            | Reason::DeployFailed
            | Reason::InvalidSpec
            | Reason::NotYetSupported
            | Reason::Unreadable
            | Reason::CrdOutdated
            | Reason::InternalError
            | Reason::NameTaken
            | Reason::FlinkTooOld
            | Reason::ForeignJob
            | Reason::AdoptionHashMismatch
            | Reason::RollbackFailed
            | Reason::RestorePointUnproven
            | Reason::TearDownFirst
            | Reason::CheckpointsNotRetained => false,
        }
    }

    /// The deployed version is confirmed and does what it should.
    #[must_use]
    pub fn ready(self) -> bool {
        matches!(self, Reason::Running | Reason::JobFinished)
    }
}

//! The enumerations of `status`: phase, health, colour, and the outcome of a deploy.
//!
//! The schema admits any text for them, as the reference's does: a status that cannot be written
//! would stop an application.

use crate::string_enum::string_enum;

string_enum! {
    /// The phase shown to people: the reference operator's words, which scripts poll. Its operator
    /// refuses to work on an application whose phase it does not know, so there are no others.
    #[derive(Default)]
    pub enum Phase {
        /// Not begun.
        #[default]
        New = "",
        /// A new version is about to be rolled out.
        Updating = "Updating",
        /// The running cluster is brought to another number of TaskManagers.
        Rescaling = "Rescaling",
        /// The new cluster is coming up.
        ClusterStarting = "ClusterStarting",
        /// The job is handed to the new cluster and watched while it starts.
        SubmittingJob = "SubmittingJob",
        /// The job runs.
        Running = "Running",
        /// The old job is ended with a savepoint.
        Savepointing = "Savepointing",
        /// The old job is ended without a savepoint.
        Cancelling = "Cancelling",
        /// The application is being deleted.
        Deleting = "Deleting",
        /// A restore point is looked for.
        Recovering = "Recovering",
        /// The version before is put back.
        RollingBackJob = "RollingBackJob",
        /// The last deploy failed; what ran before runs on, where anything did.
        DeployFailed = "DeployFailed",
        /// BlueGreen: two versions run.
        DualRunning = "DualRunning",
    }
}

string_enum! {
    /// How a cluster or a job is doing.
    pub enum Health {
        /// As it should be.
        Green = "Green",
        /// Fewer tasks or TaskManagers than asked for, or no recent checkpoint.
        Yellow = "Yellow",
        /// Not running.
        Red = "Red",
    }
}

string_enum! {
    /// The colours of BlueGreen.
    pub enum Colour {
        /// The one that is deployed second.
        Blue = "blue",
        /// The one that the reference operator deploys first.
        Green = "green",
    }
}

string_enum! {
    /// Whose words an error is told in.
    pub enum ErrorSource {
        /// Flink's own message, from its REST API.
        Flink = "Flink",
        /// What the kubelet or the scheduler says of a pod.
        Pod = "Pod",
        /// The API server's answer.
        Kubernetes = "Kubernetes",
        /// The operator's own finding.
        Operator = "Operator",
    }
}

string_enum! {
    /// How a deploy ended.
    pub enum DeployResult {
        /// It is under way.
        InProgress = "InProgress",
        /// The version runs and is confirmed.
        Succeeded = "Succeeded",
        /// It failed and the version before runs again.
        RolledBack = "RolledBack",
        /// It failed; nothing was put back.
        Failed = "Failed",
        /// A newer spec took its place before the old job was touched.
        Superseded = "Superseded",
    }
}

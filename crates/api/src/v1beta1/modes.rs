//! The enumerations of `spec`. Their words are the reference operator's where it has the field.

use crate::string_enum::string_enum;

string_enum! {
    /// When the kubelet pulls the image.
    pub enum ImagePullPolicy {
        /// At every start of a container.
        Always = "Always",
        /// Never; the node has to have it.
        Never = "Never",
        /// Where the node does not have it.
        IfNotPresent = "IfNotPresent",
    }
}

string_enum! {
    /// How an update replaces the running version.
    pub enum DeploymentMode {
        /// The new cluster starts beside the old one, which goes once the new job is confirmed.
        Dual = "Dual",
        /// The old cluster is removed before the new one starts: needs no room for two. The reference
        /// operator knows the word and refuses it.
        Single = "Single",
        /// Both versions run until `tearDownVersionHash` names one.
        BlueGreen = "BlueGreen",
    }
}

string_enum! {
    /// How another parallelism is reached.
    pub enum ScaleMode {
        /// By a new cluster, as any other update.
        NewCluster = "NewCluster",
        /// By more or fewer TaskManagers in the running cluster.
        InPlace = "InPlace",
    }
}

string_enum! {
    /// What becomes of the job when its application is deleted.
    pub enum DeleteMode {
        /// It is ended with a final savepoint.
        Savepoint = "Savepoint",
        /// Nothing: it dies with its cluster.
        None = "None",
        /// It is cancelled.
        ForceCancel = "ForceCancel",
    }
}

string_enum! {
    /// How a job is ended with its savepoint.
    pub enum SavepointStop {
        /// Stop-with-savepoint: the sources stop, the job finishes.
        Stop = "Stop",
        /// Cancel-with-savepoint, for sources that never stop.
        Cancel = "Cancel",
    }
}

string_enum! {
    /// What a recovery may restore from.
    pub enum Recovery {
        /// Only state that is known to be the newest.
        Proven = "Proven",
        /// Also the last checkpoint that was seen.
        LastSeen = "LastSeen",
    }
}

string_enum! {
    /// What is to be done with a job that is not the operator's.
    pub enum ForeignJobAction {
        /// It becomes the application's job.
        Adopt = "Adopt",
        /// It is cancelled.
        Cancel = "Cancel",
    }
}

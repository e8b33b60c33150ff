//! The stories, in the order in which they are told: each begins where the one before ended, and makes
//! its beginning itself where that one was left out.

use std::pin::Pin;

use anyhow::Result;

use crate::stage::Stage;

mod a_b_a;
mod alone;
mod api_server;
mod blue_green;
mod bounded;
mod delete;
mod deploy;
mod in_place;
mod installed;
mod kill_points;
mod kill_random;
mod missing_image;
mod objects;
mod recovery;
mod recovery_ha;
mod rest_tls;
mod stopped_by_hand;
mod taken_over;
mod update;
mod without_savepoint;
mod wrong_class;

type Telling<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// A story.
pub(crate) struct Story {
    /// How it is chosen.
    pub(crate) name: &'static str,
    /// What it shows.
    pub(crate) about: &'static str,
    /// Whether it is about the operator's process beside it; the others are told by an operator in the cluster as well.
    pub(crate) by_process: bool,
    /// Tells it; an error where it does not go as it should.
    pub(crate) tell: for<'a> fn(&'a mut Stage) -> Telling<'a>,
}

/// All stories.
pub(crate) const ALL: [Story; 22] = [
    Story {
        name: "crd",
        about: "the CRD is taken, refuses what cannot work, and keeps whole what was stored before",
        by_process: false,
        tell: |stage| Box::pin(crate::crd::run(stage.kubernetes.client.clone())),
    },
    Story {
        name: "deploy",
        about: "an application comes to run, with the objects that were promised",
        by_process: true,
        tell: |stage| Box::pin(deploy::tell(stage)),
    },
    Story {
        name: "update",
        about: "a new image goes on counting where the old one was stopped with a savepoint",
        by_process: false,
        tell: |stage| Box::pin(update::tell(stage)),
    },
    Story {
        name: "rest-tls",
        about: "an update to a Flink whose REST API speaks TLS, and the way back",
        by_process: false,
        tell: |stage| Box::pin(rest_tls::tell(stage)),
    },
    Story {
        name: "missing-image",
        about: "an image that does not exist is told and given up; the old job is never stopped",
        by_process: false,
        tell: |stage| Box::pin(missing_image::tell(stage)),
    },
    Story {
        name: "wrong-class",
        about: "a job that cannot start is rolled back; the old one goes on from its savepoint",
        by_process: false,
        tell: |stage| Box::pin(wrong_class::tell(stage)),
    },
    Story {
        name: "without-savepoint",
        about: "an update that leaves the state behind, and the way back to a checkpoint of the old job",
        by_process: false,
        tell: |stage| Box::pin(without_savepoint::tell(stage)),
    },
    Story {
        name: "alone",
        about: "an update in mode Single, without a second cluster, and the way back",
        by_process: false,
        tell: |stage| Box::pin(alone::tell(stage)),
    },
    Story {
        name: "in-place",
        about: "more TaskManagers and fewer again in the cluster that runs, through a savepoint",
        by_process: false,
        tell: |stage| Box::pin(in_place::tell(stage)),
    },
    Story {
        name: "in-place-adaptive",
        about: "the same on the adaptive scheduler (Flink 1.18 and newer): the job is not stopped",
        by_process: false,
        tell: |stage| Box::pin(in_place::tell_adaptive(stage)),
    },
    Story {
        name: "recovery",
        about: "a job that fails for good runs again; one whose JobManager dies once a person names a checkpoint",
        by_process: false,
        tell: |stage| Box::pin(recovery::tell(stage)),
    },
    Story {
        name: "stopped-by-hand",
        about: "a job that a person stops with a savepoint is left so; the next version goes on from it",
        by_process: false,
        tell: |stage| Box::pin(stopped_by_hand::tell(stage)),
    },
    Story {
        name: "kill-points",
        about: "an update in which the operator dies at every named point",
        by_process: true,
        tell: |stage| Box::pin(kill_points::tell(stage)),
    },
    Story {
        name: "kill-random",
        about: "five updates, in each of which the operator is killed at a random moment",
        by_process: true,
        tell: |stage| Box::pin(kill_random::tell(stage)),
    },
    Story {
        name: "api-server",
        about: "an update in which the API server is killed three times and comes back seconds later",
        by_process: true,
        tell: |stage| Box::pin(api_server::tell(stage)),
    },
    Story {
        name: "recovery-ha",
        about: "with high availability Flink brings back the job of a JobManager that dies, and nobody else",
        by_process: false,
        tell: |stage| Box::pin(recovery_ha::tell(stage)),
    },
    Story {
        name: "a-b-a",
        about: "a version that comes back, with high availability, goes on from the newest state",
        by_process: false,
        tell: |stage| Box::pin(a_b_a::tell(stage)),
    },
    Story {
        name: "installed",
        about: "two replicas of the operator in the cluster, killed and upgraded in updates, and removed",
        by_process: true,
        tell: |stage| Box::pin(installed::tell(stage)),
    },
    Story {
        name: "delete",
        about: "a deleted application leaves its last savepoint and nothing else",
        by_process: false,
        tell: |stage| Box::pin(delete::tell(stage)),
    },
    Story {
        name: "bounded",
        about: "a job that comes to its end is kept as it is, and starts anew with a new spec",
        by_process: true,
        tell: |stage| Box::pin(bounded::tell(stage)),
    },
    Story {
        name: "taken-over",
        about: "what the reference operator left is taken over untouched, or goes on; and back",
        by_process: true,
        tell: |stage| Box::pin(taken_over::tell(stage)),
    },
    Story {
        name: "blue-green",
        about: "two versions run beside each other until one is torn down",
        by_process: false,
        tell: |stage| Box::pin(blue_green::tell(stage)),
    },
];

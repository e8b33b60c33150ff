//! The state machine of the Flink operator: facts in, a decision out.
//!
//! No I/O, no clock, no randomness, no logger, no Kubernetes: [`needs`] names the facts that a
//! round wants, [`decide`] turns them into the next [`State`], the effects that belong to it and
//! how the application stands. Whoever embeds the machine supplies four things: a mapping to
//! [`Desired`], a place to keep [`State`] with compare-and-swap, answers to a [`FactRequest`], and
//! a performer of [`Effect`]s. The order of a round is fixed:
//!
//! ```text
//! parse -> needs -> observe -> decide -> persist -> execute -> publish -> wake
//! ```
//!
//! A round on an application that nothing was done for yet:
//!
//! ```
//! use flinkk8soperator_core::*;
//! # let uid = Uid(1);
//! let desired = Desired::new(uid, 1, DeployHash(1), Digest(1));
//! let config = Config::default();
//! let cx = Context { config: &config, desired: &desired, now: Timestamp(1_000), resumed: false };
//! let state = State::new(cx.now);
//!
//! let mut seen = Observation::default();
//! assert!(needs(&cx, &state, &seen).objects);
//! seen.objects = Fact::Known(Objects::default());
//!
//! let decision = decide(&cx, &state, &seen);
//! assert_eq!(decision.state.phase.name(), Some("Updating"));
//! assert_eq!(decision.effects[0], Effect::AddFinalizer);
//! ```
//!
//! The embedder's side of it: the state is stored before any effect runs; no answer is
//! [`Fact::Unknown`], never "no"; effects run in order, the first failure ends the round; every delete
//! names a UID. `docs/embedding.md` walks through a whole controller, `examples/streaming_job`, and
//! `sim::conformance` tells which of these a controller breaks.
//!
//! What would be done with a spec, before anything is done, is told by [`plan`]: the same machine, run
//! forward on facts that are assumed to go well.
//!
//! ```
//! # use flinkk8soperator_core::*;
//! # let desired = Desired::new(Uid(1), 1, DeployHash(1), Digest(1));
//! # let (config, state) = (Config::default(), State::new(Timestamp(1_000)));
//! # let cx = Context { config: &config, desired: &desired, now: Timestamp(1_000), resumed: false };
//! let foretold = plan(&cx, &state, &Observation::default(), 20);
//! let phases: Vec<&str> = foretold.steps.iter().map(|step| step.phase).collect();
//! assert_eq!(phases, ["Updating", "ClusterStarting", "SubmittingJob", "Running"]);
//! ```
//!
//! With the feature `serde` everything that a round depends on and comes to can be written down and
//! read back, for debugging: a recorded round can be decided again. It is not the form in which a
//! [`State`] is kept, and may differ from version to version.

mod colour;
mod config;
mod context;
mod cure;
mod decide;
mod decision;
mod desired;
mod needs;
mod observation;
mod plan;
mod policy;
mod reason;
mod state;
mod states;
#[cfg(feature = "serde")]
mod text_form;
mod time;
mod words;

pub mod ids;

pub use colour::Colour;
pub use config::{Config, FlinkPoll, Retries, Timeouts};
pub use context::Context;
pub use cure::Cure;
pub use decide::decide;
pub use decision::{
    Decision, Effect, Event, EventReason, Requirements, Savepoint, Submit, Verdict, Waiting,
};
pub use desired::{
    Coloured, DeleteMode, Desired, ForeignJob, ForeignJobAction, Goal, Mode, Obstacle,
    ObstacleKind, Recovery, Restore, SavepointStop, ScaleMode,
};
pub use ids::{
    DeployHash, Digest, Ids, Incarnation, JobId, Process, Role, TriggerId, Uid, VertexId,
};
pub use needs::needs;
pub use observation::{
    Change, ChangeClass, Checkpoint, CheckpointKind, Checkpointing, ClusterObjects, Fact,
    FactRequest, Flink, FlinkCluster, FlinkRequest, FlinkVersion, Job, JobState, JobSummary,
    Objects, Observation, Operation, Pod, Post, Presence, ReadBack, Retention, Silence, Statistics,
    Stranger, Trouble, TroubleKind, Unnumbered, Vertex,
};
pub use plan::{Plan, PlanEnd, PlannedAct, PlannedOrigin, PlannedStart, PlannedStep, plan};
pub use reason::Reason;
pub use state::{
    Aftermath, Baseline, Bounds, Cancelling, ClusterStarting, Confirming, Deleting, DeletingStep,
    DeployFailed, DualRunning, Failure, FailureKind, Find, Learnt, Leaving, Left, LeftStep,
    LeftVersion, LiveJob, New, Obsolete, Origin, Phase, Purpose, Record, Recovered, Recovering,
    RecoveringStep, Rescaling, RescalingStep, Restart, RestorePoint, RollingBackJob, Running,
    Savepointing, Scaled, Source, State, Stop, Submission, SubmittingJob, Target, TearDown,
    Unreadable, Updating, Version, Work,
};
pub use time::Timestamp;

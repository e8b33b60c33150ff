//! `simulate`: any application file, on the simulated cluster; or what another operator has left behind.
//!
//! Files are applied one after the other, each when what came of the one before has come to rest. In
//! virtual time unless the cluster is to stay: what takes minutes is told in a moment.

use std::io;
use std::time::{Duration, Instant};

use flinkk8soperator_runtime::Settings;
use flinkk8soperator_sim::http::kubernetes::meta::{self, text};
use flinkk8soperator_sim::invariants::Violation;
use flinkk8soperator_sim::world::{self, Latencies};
use serde::Serialize;
use serde_json::Value;

use crate::chronicle::{Chronicle, Entry};
use crate::clock::Clock;
use crate::demo::{DemoError, Kubeconfig, until_interrupted};
use crate::ledger::{FlinkRequest, Write};
use crate::scene::{Application, Scene};
use crate::session::{Reach, Session, SessionConfig, SessionError};
use crate::stage::{Stage, StageError};
use crate::version::flink;
use crate::view::View;
use crate::world::Recorded;

/// When an application that never comes to rest is left alone: longer than every default deadline.
const PATIENCE: Duration = Duration::from_secs(2 * 60 * 60);

/// What is to be simulated.
pub struct Trial {
    /// The applications of each file, in the order of the files.
    pub files: Vec<Vec<Value>>,
    /// What stands in the cluster at the beginning; none: nothing.
    pub world: Option<Recorded>,
    /// The operator's settings.
    pub settings: Settings,
    /// For how long, after the last file has come to rest, or from the beginning in a recorded world;
    /// without it: until everything rests.
    pub lasts: Option<Duration>,
    /// Real time, and the cluster stays for kubectl.
    pub hold: bool,
}

/// What came of it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Every application runs and is confirmed, nothing was refused, no invariant was broken. In a recorded
    /// world the latter is enough: what was left behind need not come to run.
    pub good: bool,
    /// Refusals by the API server, in its own words.
    pub refused: Vec<String>,
    /// Invariants of the simulated world that were broken: defects of the operator.
    pub broken: Vec<String>,
    /// How everything stood at the end.
    #[serde(flatten)]
    pub end: Scene,
    /// What the operator wrote to the API server.
    pub writes: Vec<Write>,
    /// What it asked of Flink, but for GET.
    pub flink_requests: Vec<FlinkRequest>,
    /// What happened.
    pub history: Vec<Entry>,
    /// Simulated seconds.
    pub simulated_seconds: f64,
    /// Real seconds.
    pub real_seconds: f64,
}

/// Runs a trial, shown by `view`.
///
/// # Errors
/// See [`DemoError`].
pub fn run(trial: &Trial, view: &mut dyn View) -> Result<Report, DemoError> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(!trial.hold).build();
    runtime.map_err(DemoError::Start)?.block_on(play(trial, view))
}

async fn play(trial: &Trial, view: &mut dyn View) -> Result<Report, DemoError> {
    let began = Instant::now();
    let recorded = trial.world.as_ref();
    let config = SessionConfig {
        settings: trial.settings.clone(),
        latencies: Latencies::default(),
        world: world(trial),
        reach: if trial.hold { Reach::Loopback } else { Reach::InProcess },
        clock: recorded.map_or_else(Clock::of_the_machine, |recorded| Clock::at(recorded.at)),
    };
    let session = Session::open(config, recorded.map(|recorded| &recorded.objects)).await?;
    let mut stage = Stage::new(session, view);
    let refused = match recorded {
        Some(recorded) => take_over(&mut stage, recorded, trial.lasts).await?,
        None => deploy(&mut stage, trial).await?,
    };
    if trial.hold {
        hold(&mut stage).await?;
    }
    let report = report(&mut stage, trial, refused, began)?;
    summary(stage.view(), &report)?;
    if recorded.is_some() {
        asked(stage.view(), &report)?;
    }
    Ok(report)
}

/// Applies the files; answers with what the API server refused.
async fn deploy(stage: &mut Stage<'_>, trial: &Trial) -> Result<Vec<String>, StageError> {
    let mut refused = Vec::new();
    for file in &trial.files {
        for application in file {
            refused.extend(apply(stage, application).await?);
        }
        stage.until(PATIENCE, at_rest).await?;
    }
    if let Some(lasts) = trial.lasts {
        stage.until(lasts, |_| false).await?;
    }
    Ok(refused)
}

/// Lets the operator go on with what stands there.
async fn take_over(
    stage: &mut Stage<'_>,
    recorded: &Recorded,
    lasts: Option<Duration>,
) -> Result<Vec<String>, StageError> {
    stage.chronicle = Chronicle::of_what_stands(stage.session.cluster());
    if !recorded.what.is_empty() {
        stage.view().say(&recorded.what)?;
    }
    match lasts {
        Some(lasts) => stage.until(lasts, |_| false).await?,
        None => stage.until(PATIENCE, at_rest).await?,
    };
    Ok(Vec::new())
}

/// What was recorded; else the version that the first application names: the cluster's images are all of
/// that one.
fn world(trial: &Trial) -> world::Settings {
    if let Some(recorded) = &trial.world {
        return recorded.settings;
    }
    let first = trial.files.iter().flatten().next();
    let named = first.and_then(|application| flink(text(application, "/spec/flinkVersion")));
    let default = world::Settings::default();
    world::Settings { flink: named.unwrap_or(default.flink), ..default }
}

/// The API server's refusal, if it is one.
async fn apply(stage: &mut Stage<'_>, application: &Value) -> Result<Option<String>, StageError> {
    match stage.session.apply(application).await {
        Ok(_) => Ok(None),
        Err(SessionError::Refused(words)) => {
            stage.view().say(&format!("refused by the API server: {words}"))?;
            Ok(Some(format!("{}: {words}", meta::name(application))))
        }
        Err(error) => Err(error.into()),
    }
}

fn at_rest(scene: &Scene) -> bool {
    scene.applications.iter().all(Application::rests)
}

async fn hold(stage: &mut Stage<'_>) -> Result<(), DemoError> {
    let kubeconfig = Kubeconfig::of(&stage.session)?;
    let path = kubeconfig.path().display();
    stage
        .view()
        .say(&format!("\nThe cluster stays until Ctrl-C:\n    export KUBECONFIG={path}"))?;
    until_interrupted(stage).await?;
    Ok(())
}

fn report(
    stage: &mut Stage<'_>,
    trial: &Trial,
    refused: Vec<String>,
    began: Instant,
) -> io::Result<Report> {
    let end = stage.look()?;
    let told = |broken: Violation| format!("{}: {}", broken.invariant, broken.what);
    let broken: Vec<String> = stage.session.cluster().violations().into_iter().map(told).collect();
    let runs = !end.applications.is_empty() && end.applications.iter().all(|app| app.ready);
    Ok(Report {
        good: (runs || trial.world.is_some()) && refused.is_empty() && broken.is_empty(),
        refused,
        broken,
        end,
        writes: stage.ledger.writes.clone(),
        flink_requests: stage.ledger.flink_requests.clone(),
        history: stage.chronicle.entries().to_vec(),
        simulated_seconds: stage.session.clock().elapsed().as_secs_f64(),
        real_seconds: began.elapsed().as_secs_f64(),
    })
}

fn summary(view: &mut dyn View, report: &Report) -> io::Result<()> {
    view.say("")?;
    for application in &report.end.applications {
        let Application { namespace, name, phase, reason, message, .. } = application;
        view.say(&format!("{namespace}/{name}: {phase} ({reason}): {message}"))?;
        if let Some(error) = &application.last_error {
            view.say(&format!("  last error: {error}"))?;
        }
        let cure = application.unblocked_by.as_ref().filter(|_| !application.ready);
        cure.map_or(Ok(()), |cure| view.say(&format!("  what helps: {cure}")))?;
    }
    for job in &report.end.jobs {
        let from = job.restored_from.as_deref().unwrap_or("nothing");
        view.say(&format!("job {} of {}: {}; began from {from}", job.id, job.hash, job.state))?;
    }
    for broken in &report.broken {
        view.say(&format!("BROKEN, a defect of the operator: {broken}"))?;
    }
    let (simulated, real) = (report.simulated_seconds, report.real_seconds);
    view.say(&format!("{simulated:.0} s simulated in {real:.1} s"))
}

/// What the operator asked for that changes something.
fn asked(view: &mut dyn View, report: &Report) -> io::Result<()> {
    let answer = |status: Option<u16>| status.map_or("no answer".to_owned(), |s| s.to_string());
    view.say(&format!("\nwrites to the API server: {}", report.writes.len()))?;
    for Write { at, verb, resource, namespace, name, status } in &report.writes {
        let status = answer(*status);
        view.say(&format!("{at:7.1}s  {verb} {resource} {namespace}/{name}: {status}"))?;
    }
    let count = report.flink_requests.len();
    view.say(&format!("requests to Flink that change something: {count}"))?;
    for FlinkRequest { at, method, pod, path, status } in &report.flink_requests {
        view.say(&format!("{at:7.1}s  {method} {path} at {pod}: {}", answer(*status)))?;
    }
    Ok(())
}

//! The demo: the story, shown to a person, over HTTP and in real time.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::clock::Clock;
use crate::session::{Reach, Session, SessionConfig, SessionError};
use crate::stage::{Stage, StageError};
use crate::{pace, story, view};

/// Why the demo ended early.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// No runtime for it.
    #[error("cannot start")]
    Start(#[source] io::Error),
    /// The kubeconfig cannot be written.
    #[error("cannot write the kubeconfig {}", path.display())]
    Kubeconfig {
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// It could not be shown.
    #[error(transparent)]
    Stage(#[from] StageError),
}

impl From<SessionError> for DemoError {
    fn from(error: SessionError) -> DemoError {
        DemoError::Stage(error.into())
    }
}

impl From<io::Error> for DemoError {
    fn from(error: io::Error) -> DemoError {
        DemoError::Stage(error.into())
    }
}

/// Plays the demo to standard output; with `hold` it goes on until it is interrupted. Returns what
/// did not go as told.
///
/// # Errors
/// See [`DemoError`].
pub fn run(hold: bool) -> Result<Vec<String>, DemoError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(DemoError::Start)?.block_on(play(hold))
}

async fn play(hold: bool) -> Result<Vec<String>, DemoError> {
    let (settings, latencies, world) = pace::quick();
    let (reach, clock) = (Reach::Loopback, Clock::of_the_machine());
    let config = SessionConfig { settings, latencies, world, reach, clock };
    let session = Session::start(config).await?;
    let kubeconfig = Kubeconfig::of(&session)?;
    let mut view = view::suitable();
    view.say(
        "The real operator, against a simulated Kubernetes and a simulated Flink, over HTTP.",
    )?;
    view.say(&format!("Quicker than the defaults: {}.", pace::QUICK))?;
    view.say(&format!("Meanwhile, elsewhere: {} get flinkapplications -w", kubeconfig.kubectl()))?;
    let mut stage = Stage::new(session, view.as_mut());
    let wrong = story::play(&mut stage).await?;
    let verdict = if wrong.is_empty() { "The story went as told." } else { "Not as told:" };
    stage.view().say(&format!("\n{verdict}"))?;
    wrong.iter().try_for_each(|wrong| stage.view().say(&format!("  {wrong}")))?;
    stage.view().say(NEXT)?;
    if hold {
        holding(&mut stage, &kubeconfig).await?;
    }
    Ok(wrong)
}

/// How a person goes on from here.
const NEXT: &str = "
Your own application, on the same simulated cluster:
    cargo run -p flinkk8soperator -- simulate -f examples/minimal.yaml
On a real cluster: README.md, \"Use it\".";

/// Deploys the application once more and shows what a person does with kubectl.
async fn holding(stage: &mut Stage<'_>, kubeconfig: &Kubeconfig) -> Result<(), DemoError> {
    stage.session.apply(&story::application()).await?;
    stage.view().say(&format!(
        "\nThe cluster stays, with {} deployed once more, until Ctrl-C:\n    \
         export KUBECONFIG={}\n    kubectl get flinkapplications\n    \
         kubectl patch flinkapplication {} --type merge -p '{{\"spec\":{{\"image\":\"registry.example.com/{}:2.0.0\"}}}}'",
        story::NAME,
        kubeconfig.path().display(),
        story::NAME,
        story::NAME,
    ))?;
    until_interrupted(stage).await?;
    Ok(())
}

/// Shows what happens until Ctrl-C.
pub(crate) async fn until_interrupted(stage: &mut Stage<'_>) -> Result<(), StageError> {
    tokio::select! {
        shown = stage.until(Duration::MAX, |_| false) => shown.map(drop),
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

/// A kubeconfig in the directory for temporary files. Goes when it is dropped.
pub(crate) struct Kubeconfig(PathBuf);

impl Kubeconfig {
    pub(crate) fn of(session: &Session) -> Result<Kubeconfig, DemoError> {
        let name = format!("flinkk8soperator-{}.kubeconfig", std::process::id());
        let path = std::env::temp_dir().join(name);
        let text = session.cluster().server().kubeconfig();
        match std::fs::write(&path, text) {
            Ok(()) => Ok(Kubeconfig(path)),
            Err(source) => Err(DemoError::Kubeconfig { path, source }),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn kubectl(&self) -> String {
        format!("kubectl --kubeconfig {}", self.0.display())
    }
}

impl Drop for Kubeconfig {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = std::fs::remove_file(&self.0);
    }
}

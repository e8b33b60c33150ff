//! Limits of the transport, on scripted services and paused time: how long, how often, how much,
//! how many.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use flinkk8soperator_flink_rest::request::{Run, Savepoint};
use flinkk8soperator_flink_rest::{
    Client, Error, Failure, FlinkVersion, JobId, Reached, Settings, Transport, TriggerId,
};
use http_body_util::Full;
use tokio::time::Instant;
use tower::BoxError;

/// What a scripted service does with one request.
#[derive(Clone, Copy)]
enum Act {
    Answer(u16, &'static str),
    AnswerAfter(Duration, &'static str),
    Break,
    Hang,
    /// Headers at once, the rest of the body never.
    HangInBody,
}

/// Does one act a request, in order, the last one for ever; counts what it got.
#[derive(Clone)]
struct Script {
    acts: Arc<Mutex<VecDeque<Act>>>,
    got: Arc<AtomicUsize>,
}

const JOBS: &str = r#"{"jobs":[]}"#;
const JOB: JobId = JobId([1; 16]);

impl Script {
    fn new(acts: &[Act]) -> Self {
        let acts = Arc::new(Mutex::new(acts.iter().copied().collect()));
        Self { acts, got: Arc::default() }
    }

    fn got(&self) -> usize {
        self.got.load(Ordering::SeqCst)
    }

    fn next(&self) -> Act {
        self.got.fetch_add(1, Ordering::SeqCst);
        let mut acts = self.acts.lock().unwrap();
        if acts.len() > 1 { acts.pop_front().unwrap() } else { acts[0] }
    }

    fn client(&self, settings: Settings) -> Client {
        let script = self.clone();
        let service = tower::service_fn(move |_: http::Request<Bytes>| perform(script.next()));
        Client::new(Transport::new(settings).over(service), "/proxy")
    }
}

type Body = http_body_util::Either<Full<Bytes>, Unending>;

/// A body that never ends.
struct Unending;

impl http_body::Body for Unending {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Pending
    }
}

async fn perform(act: Act) -> Result<http::Response<Body>, BoxError> {
    let answer = |status: u16, text: &'static str| {
        let body = Body::Left(Full::from(text));
        http::Response::builder().status(status).body(body).map_err(Into::into)
    };
    match act {
        Act::Answer(status, text) => answer(status, text),
        Act::AnswerAfter(delay, text) => {
            tokio::time::sleep(delay).await;
            answer(200, text)
        }
        Act::Break => Err("connection reset".into()),
        Act::Hang => std::future::pending().await,
        Act::HangInBody => Ok(http::Response::new(Body::Right(Unending))),
    }
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Transport(failure) => failure,
        other => panic!("{other:?}"),
    }
}

fn version() -> FlinkVersion {
    "1.20.5".parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn each_attempt_of_a_get_has_its_own_time() {
    for act in [Act::Hang, Act::HangInBody] {
        let script = Script::new(&[act]);
        let start = Instant::now();
        let error = failure(script.client(Settings::default()).jobs().await.unwrap_err());
        assert!(matches!(error, Failure::Timeout(limit) if limit == Duration::from_secs(5)));
        assert_eq!(error.reached(), Reached::Perhaps);
        assert_eq!(script.got(), 3);
        let took = start.elapsed();
        assert!(took >= Duration::from_secs(15) && took < Duration::from_secs(17), "{took:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_get_that_broke_is_repeated_until_it_is_answered() {
    let script = Script::new(&[Act::Break, Act::Hang, Act::Answer(200, JOBS)]);
    assert_eq!(script.client(Settings::default()).jobs().await.unwrap().jobs, []);
    assert_eq!(script.got(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_never_repeated() {
    let script = Script::new(&[Act::Answer(503, ""), Act::Answer(200, JOBS)]);
    let error = script.client(Settings::default()).jobs().await.unwrap_err();
    assert!(matches!(error, Error::Intermediary(_)), "{error:?}");
    assert_eq!(script.got(), 1);
}

#[tokio::test(start_paused = true)]
async fn nothing_but_a_get_is_repeated() {
    for act in [Act::Break, Act::Hang] {
        let script = Script::new(&[act]);
        let client = script.client(Settings::default());
        let savepoint =
            Savepoint { job: JOB, trigger: TriggerId([2; 16]), target_directory: String::new() };
        let limit = Duration::from_secs(60);
        client.run(&version(), &Run::new("app.jar", JOB), limit).await.unwrap_err();
        client.savepoint(&version(), &savepoint, true).await.unwrap_err();
        client.stop(&version(), &savepoint, false).await.unwrap_err();
        client.cancel(JOB).await.unwrap_err();
        client.set_resource_requirements(&version(), JOB, &[].into()).await.unwrap_err();
        assert_eq!(script.got(), 5);
    }
}

#[tokio::test(start_paused = true)]
async fn a_submission_has_the_time_that_its_caller_gives() {
    let answer = r#"{"jobid":"01010101010101010101010101010101"}"#;
    let script = Script::new(&[Act::AnswerAfter(Duration::from_secs(100), answer)]);
    let client = script.client(Settings::default());
    let run = Run::new("app.jar", JOB);
    let submitted = client.run(&version(), &run, Duration::from_secs(120)).await.unwrap();
    assert_eq!(submitted.job, JOB);
    let error = client.run(&version(), &run, Duration::from_secs(99)).await.unwrap_err();
    assert_eq!(error.reached(), Reached::Perhaps, "main may still run");
}

#[tokio::test(start_paused = true)]
async fn a_large_body_is_not_read_and_not_asked_for_again() {
    let settings = Settings { largest_body: JOBS.len(), ..Settings::default() };
    let fits = Script::new(&[Act::Answer(200, JOBS)]);
    assert!(fits.client(settings.clone()).jobs().await.is_ok());
    let script = Script::new(&[Act::Answer(200, r#"{"jobs":[] }"#)]);
    let error = failure(script.client(settings).jobs().await.unwrap_err());
    assert!(matches!(error, Failure::BodyTooLarge(11)), "{error:?}");
    assert_eq!(script.got(), 1);
}

#[tokio::test(start_paused = true)]
async fn polls_wait_for_a_place_but_not_for_submissions() {
    let settings = Settings { in_flight: 2, long_in_flight: 1, ..Settings::default() };
    let script = Script::new(&[Act::Hang, Act::AnswerAfter(Duration::from_secs(1), JOBS)]);
    let client = script.client(settings);
    let (version, run) = (version(), Run::new("app.jar", JOB));
    let submission = client.run(&version, &run, Duration::from_secs(1000));
    let polls = async {
        let start = Instant::now();
        let (a, b, c, d) = tokio::join!(client.jobs(), client.jobs(), client.jobs(), client.jobs());
        assert!(a.is_ok() && b.is_ok() && c.is_ok() && d.is_ok());
        start.elapsed()
    };
    let (_, took) = tokio::join!(submission, polls);
    assert!(took >= Duration::from_secs(2) && took < Duration::from_millis(2100), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn without_a_free_place_nothing_is_sent() {
    let settings = Settings { in_flight: 1, ..Settings::default() };
    let script = Script::new(&[Act::Hang]);
    let client = script.client(settings);
    let (first, second) = tokio::join!(client.cancel(JOB), async {
        // Asked a moment later, so that its time ends while the first one still holds the place.
        tokio::task::yield_now().await;
        client.clone().cancel(JOB).await
    });
    assert!(matches!(failure(first.unwrap_err()), Failure::Timeout(_)));
    let busy = failure(second.unwrap_err());
    assert!(matches!(busy, Failure::Busy), "{busy:?}");
    assert_eq!((busy.reached(), script.got()), (Reached::No, 1));
}

//! Several processes and one Lease, in virtual time: one at a time has the right to act, whatever the wire, the API
//! server and the clocks do; and one does have it where they do nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use flinkk8soperator_core::Timestamp;
use k8s_openapi::api::coordination::v1::Lease;
use tokio::task::JoinHandle;
use tokio::time::{Instant, advance, sleep};

use super::elector::{Elector, Lost};
use super::object::Place;
use super::term::{Standing, Term};
use super::{LeaderElection, sight};
use crate::kubernetes::KubeError;
use crate::ports::Clock;

const SECOND: Duration = Duration::from_secs(1);

/// Where it lies, for all processes.
#[derive(Default)]
struct Server {
    lease: Mutex<Option<Lease>>,
    version: AtomicU64,
}

impl Server {
    fn stored(&self) -> MutexGuard<'_, Option<Lease>> {
        self.lease.lock().unwrap()
    }

    fn write(&self, lease: &Lease) -> Result<Lease, KubeError> {
        let mut stored = self.stored();
        let (old, new) = (stored.as_ref().map(version), lease.metadata.resource_version.clone());
        match (old, new) {
            (Some(_), None) => return Err(KubeError::AlreadyExists("there".to_owned())),
            (None, Some(_)) => return Err(KubeError::NotFound("gone".to_owned())),
            (Some(old), Some(new)) if old != new => {
                return Err(KubeError::Conflict("another version".to_owned()));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        let mut lease = lease.clone();
        let next = self.version.fetch_add(1, Ordering::Relaxed) + 1;
        lease.metadata.resource_version = Some(next.to_string());
        *stored = Some(lease.clone());
        Ok(lease)
    }
}

fn version(lease: &Lease) -> String {
    lease.metadata.resource_version.clone().unwrap()
}

/// What a process' requests meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weather {
    /// So long there, and so long back.
    Fair(Duration, Duration),
    /// Nothing arrives, nothing is said.
    Cut,
    /// What is sent arrives; the answer does not.
    Deaf,
    /// Refused at once, with this code.
    Refused(u16),
}

const FAIR: Weather = Weather::Fair(Duration::from_millis(5), Duration::from_millis(5));

struct Wire {
    server: Arc<Server>,
    weather: Arc<Mutex<Weather>>,
}

impl Wire {
    async fn call<T>(
        &self,
        request: impl FnOnce() -> Result<T, KubeError> + Send,
    ) -> Result<T, KubeError> {
        let weather = *self.weather.lock().unwrap();
        match weather {
            Weather::Fair(there, back) => {
                sleep(there).await;
                let answer = request();
                sleep(back).await;
                answer
            }
            Weather::Cut => std::future::pending().await,
            Weather::Deaf => {
                let _ = request();
                std::future::pending().await
            }
            Weather::Refused(code) => {
                Err(KubeError::Refused { code, message: "refused".to_owned(), retry_after: None })
            }
        }
    }
}

impl Place for Wire {
    async fn read(&self) -> Result<Option<Lease>, KubeError> {
        self.call(|| Ok(self.server.stored().clone())).await
    }

    async fn write(&self, lease: &Lease) -> Result<Lease, KubeError> {
        self.call(|| self.server.write(lease)).await
    }

    fn name(&self) -> String {
        "default/operator".to_owned()
    }
}

/// A wall clock that can be set.
struct Wall {
    began: Instant,
    set: AtomicU64,
}

impl Wall {
    fn at(epoch: u64) -> Arc<Wall> {
        Arc::new(Wall { began: Instant::now(), set: AtomicU64::new(epoch) })
    }
}

impl Clock for Wall {
    fn now(&self) -> Timestamp {
        let since = u64::try_from(self.began.elapsed().as_millis()).unwrap();
        Timestamp(self.set.load(Ordering::Relaxed) + since)
    }
}

/// A process that wants the right.
struct Process {
    term: Arc<Term>,
    weather: Arc<Mutex<Weather>>,
    wall: Arc<Wall>,
    running: JoinHandle<(Elector<Wire>, Lost)>,
}

impl Process {
    fn start(server: &Arc<Server>, settings: &LeaderElection) -> Process {
        let (weather, wall) = (Arc::new(Mutex::new(FAIR)), Wall::at(1_000_000_000));
        Process::start_with(server, settings, weather, wall)
    }

    fn start_with(
        server: &Arc<Server>,
        settings: &LeaderElection,
        weather: Arc<Mutex<Weather>>,
        wall: Arc<Wall>,
    ) -> Process {
        let clock: Arc<dyn Clock> = Arc::<Wall>::clone(&wall);
        let term = Arc::new(Term::elected(clock, settings.renew_deadline));
        let wire = Wire { server: Arc::clone(server), weather: Arc::clone(&weather) };
        let mut elector = Elector::new(wire, settings.clone(), Arc::clone(&term));
        let running = tokio::spawn(async move {
            let lost = elector.run().await;
            (elector, lost)
        });
        Process { term, weather, wall, running }
    }

    fn meets(&self, weather: Weather) {
        *self.weather.lock().unwrap() = weather;
    }

    fn leads(&self) -> bool {
        self.term.held() && self.term.standing() == Standing::Leads
    }

    async fn lost(self) -> Lost {
        self.running.await.unwrap().1
    }
}

/// How long until it holds; asserts that it comes to that within a minute.
async fn after(holds: impl Fn() -> bool) -> Duration {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < 60 * SECOND, "it does not come to that");
        sleep(Duration::from_millis(10)).await;
    }
    began.elapsed()
}

/// Two processes, of which the first acts.
async fn two() -> (Arc<Server>, Process, Process) {
    let (server, settings) = (Arc::new(Server::default()), LeaderElection::default());
    let first = Process::start(&server, &settings);
    assert!(after(|| first.leads()).await < SECOND, "a free Lease is taken at once");
    let second = Process::start(&server, &settings);
    after(|| second.term.standing() == Standing::Follows).await;
    sleep(60 * SECOND).await;
    assert!(first.leads() && !second.leads());
    (server, first, second)
}

#[tokio::test(start_paused = true)]
async fn one_that_is_cut_off_has_stopped_before_the_next_one_acts() {
    for weather in [Weather::Cut, Weather::Deaf, Weather::Refused(503), Weather::Refused(401)] {
        let (_, first, second) = two().await;
        first.meets(weather);
        let stopped = after(|| !first.term.held()).await;
        assert!(!second.leads());
        let began = stopped + after(|| second.leads()).await;
        println!("{weather:?}: one stopped after {stopped:?}, the next one acts after {began:?}");
        assert!(stopped <= 10 * SECOND, "{stopped:?}");
        // What still arrives renews it; its sender does not know.
        let longest = if weather == Weather::Deaf { 27 } else { 18 };
        assert!((14 * SECOND..longest * SECOND).contains(&began), "{began:?}");
        assert_eq!(first.lost().await, Lost::Expired);
    }
}

#[tokio::test(start_paused = true)]
async fn one_that_lets_go_is_followed_within_a_period() {
    let (server, first, second) = two().await;
    let transitions = || server.stored().as_ref().unwrap().spec.as_ref().unwrap().lease_transitions;
    assert_eq!(transitions(), Some(0));
    first.running.abort();
    // What `run` has left in the middle of a turn: the version that it last saw may be an older one.
    let wire = Wire { server: Arc::clone(&server), weather: Arc::clone(&first.weather) };
    let mut elector = Elector::new(wire, LeaderElection::default(), Arc::clone(&first.term));
    elector.sight = sight::Sight::of(holder(&server));
    elector.release().await;
    assert!(!first.term.held());
    assert_eq!(holder(&server), "", "it is said");
    let took = after(|| second.leads()).await;
    println!("the next one acts after {took:?}");
    assert!(took <= SECOND + Duration::from_millis(50), "{took:?}");
    assert_eq!(transitions(), Some(1));
}

fn holder(server: &Server) -> String {
    let lease = server.stored().clone().unwrap();
    lease.spec.unwrap().holder_identity.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_lost_and_a_slow_api_server_end_nothing() {
    let (_, first, second) = two().await;
    first.meets(Weather::Deaf);
    sleep(6 * SECOND).await;
    first.meets(FAIR);
    sleep(20 * SECOND).await;
    assert!(first.leads() && !second.leads());
    let slow = Weather::Fair(2 * SECOND, 2 * SECOND);
    first.meets(slow);
    second.meets(slow);
    for _ in 0..600 {
        sleep(SECOND).await;
        assert!(first.leads() && !second.leads());
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_counts_from_when_it_was_sent_not_from_its_answer() {
    let (server, first, _second) = two().await;
    first.meets(Weather::Fair(Duration::ZERO, 4 * SECOND));
    sleep(10 * SECOND).await;
    let written = || server.version.load(Ordering::Relaxed);
    let before = written();
    after(|| written() > before).await;
    // The answer to this one is on its way, and is the last.
    first.meets(Weather::Cut);
    let stopped = after(|| !first.term.held()).await;
    assert!((9 * SECOND..=10 * SECOND).contains(&stopped), "{stopped:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_someone_deletes_stays_its_holders() {
    let (server, first, second) = two().await;
    *server.stored() = None;
    for _ in 0..200 {
        sleep(SECOND / 10).await;
        assert!(first.leads() && !second.leads());
    }
    assert!(server.stored().is_some(), "it was made again");
    // With its holder gone as well, the next one waits as long as ever.
    *server.stored() = None;
    first.running.abort();
    let took = after(|| second.leads()).await;
    assert!((13 * SECOND..18 * SECOND).contains(&took), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_has_lost_it_and_a_clock_that_is_set_back_keeps_nothing() {
    let (_, first, _second) = two().await;
    first.wall.set.fetch_add(10_000, Ordering::Relaxed);
    assert!(!first.term.held(), "the monotonic clock stood still");
    assert_eq!(first.lost().await, Lost::Expired);

    let (_, first, _second) = two().await;
    first.wall.set.fetch_sub(3_600_000, Ordering::Relaxed);
    sleep(30 * SECOND).await;
    assert!(first.leads(), "it is renewed");
    first.meets(Weather::Cut);
    assert!(after(|| !first.term.held()).await <= 10 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn where_the_lease_cannot_be_had_nothing_is_known_and_nobody_acts() {
    let server = Arc::new(Server::default());
    let process = Process::start(&server, &LeaderElection::default());
    process.meets(Weather::Refused(403));
    sleep(120 * SECOND).await;
    assert_eq!(process.term.standing(), Standing::Unknown);
    assert!(!process.term.held());
    process.meets(FAIR);
    assert!(after(|| process.leads()).await <= 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_finds_another_ones_name_ends_at_once() {
    let (server, first, second) = two().await;
    let mut stolen = server.stored().clone().unwrap();
    stolen.spec.as_mut().unwrap().holder_identity = Some("somebody".to_owned());
    server.write(&stolen).unwrap();
    let took = after(|| !first.term.held()).await;
    assert!(took <= SECOND + Duration::from_millis(50), "{took:?}");
    assert_eq!(first.lost().await, Lost::To("somebody".to_owned()));
    assert!(!second.leads());
}

/// Numbers that look like chance, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn weather(&mut self) -> Weather {
        let mut millis = |most| Duration::from_millis(self.below(most));
        let (short, long) = ((millis(50), millis(50)), (millis(4000), millis(4000)));
        match self.below(8) {
            0 => Weather::Cut,
            1 => Weather::Deaf,
            2 => Weather::Refused(503),
            3 | 4 => Weather::Fair(long.0, long.1),
            _ => Weather::Fair(short.0, short.1),
        }
    }
}

/// What came of hours of bad weather.
#[derive(Debug, Default)]
struct Hours {
    /// Instants at which more than one had the right.
    two: usize,
    /// At which one had it, of how many.
    one: usize,
    of: usize,
    /// How often it went to another process.
    changes: usize,
}

/// Three processes, started again when they end or by chance, for some hours.
async fn hours(seed: u64, settings: &LeaderElection) -> Hours {
    let (server, mut dice) = (Arc::new(Server::default()), Dice(seed));
    let mut processes: Vec<Process> = (0..3).map(|_| Process::start(&server, settings)).collect();
    let (mut hours, mut last, mut deleted) = (Hours::default(), None, 0);
    for tick in 0..72_000_u64 {
        sleep(Duration::from_millis(50)).await;
        let leading: Vec<usize> = (0..3).filter(|i| processes[*i].term.held()).collect();
        hours.of += 1;
        hours.one += usize::from(leading.len() == 1);
        hours.two += usize::from(leading.len() > 1);
        if let [one] = leading.as_slice()
            && last != Some(*one)
        {
            hours.changes += usize::from(last.is_some());
            last = Some(*one);
        }
        for process in &mut processes {
            if dice.below(200) == 0 {
                process.meets(dice.weather());
            }
            if dice.below(4000) == 0 {
                let jump = dice.below(20_000);
                let back = dice.below(2) == 0;
                let set = &process.wall.set;
                let now = set.load(Ordering::Relaxed);
                set.store(if back { now - jump } else { now + jump }, Ordering::Relaxed);
            }
            let ends = process.running.is_finished() || dice.below(6000) == 0;
            if ends && tick > deleted + 400 {
                process.running.abort();
                let (weather, wall) = (Arc::clone(&process.weather), Arc::clone(&process.wall));
                *process = Process::start_with(&server, settings, weather, wall);
            }
        }
        // Somebody deletes it. That does no harm among those who have seen its holder; one that has just come makes a
        // new one at once.
        let known = |process: &Process| process.term.standing() != Standing::Unknown;
        if tick % 2_400 == 0 && processes.iter().all(known) {
            deleted = tick;
            *server.stored() = None;
        }
    }
    hours
}

#[tokio::test(start_paused = true)]
async fn never_two_in_hours_of_bad_weather() {
    let mut all = Hours::default();
    for seed in 1..=4 {
        let hours = hours(seed * 7919, &LeaderElection::default()).await;
        println!("{seed}: {hours:?}");
        assert_eq!(hours.two, 0, "seed {seed}");
        all.one += hours.one;
        all.of += hours.of;
        all.changes += hours.changes;
    }
    assert!(all.changes > 150, "{all:?}");
    assert!(all.one * 2 > all.of, "one has it most of the time: {all:?}");
}

#[tokio::test(start_paused = true)]
async fn with_a_deadline_longer_than_the_lease_there_would_be_two() {
    let settings = LeaderElection { renew_deadline: 25 * SECOND, ..LeaderElection::default() };
    assert_eq!(settings.wrong().map(|wrong| wrong.0), Some("renewDeadline"));
    assert!(hours(7919, &settings).await.two > 0);
}

#[tokio::test(start_paused = true)]
async fn who_is_alone_has_the_right_always() {
    let alone = Term::alone(Wall::at(0));
    advance(3600 * SECOND).await;
    assert!(alone.held());
    alone.leads().await;
}

#[test]
fn settings_that_do_not_go_together_are_told_by_name() {
    let good = LeaderElection::default();
    assert_eq!(good.wrong(), None);
    for (settings, field) in [
        (LeaderElection { lease_name: String::new(), ..good.clone() }, "leaseName"),
        (LeaderElection { lease_duration: Duration::ZERO, ..good.clone() }, "leaseDuration"),
        (LeaderElection { lease_duration: SECOND * 5 / 2, ..good.clone() }, "leaseDuration"),
        (LeaderElection { renew_deadline: 15 * SECOND, ..good.clone() }, "renewDeadline"),
        (LeaderElection { retry_period: SECOND / 20, ..good.clone() }, "retryPeriod"),
        (LeaderElection { retry_period: 5 * SECOND, ..good }, "retryPeriod"),
    ] {
        assert_eq!(settings.wrong().map(|wrong| wrong.0), Some(field), "{settings:?}");
    }
}

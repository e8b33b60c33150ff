//! The demo's story goes as told. Virtual time, no sockets; the lines are the ones that a person
//! sees without a terminal.

use flinkk8soperator_simulate::clock::Clock;
use flinkk8soperator_simulate::pace;
use flinkk8soperator_simulate::session::{Reach, Session, SessionConfig};
use flinkk8soperator_simulate::stage::Stage;
use flinkk8soperator_simulate::story;
use flinkk8soperator_simulate::view::lines::Lines;

#[tokio::test(start_paused = true)]
async fn the_story_goes_as_told_within_a_minute() {
    let (settings, latencies, world) = pace::quick();
    let clock = Clock::at(1_700_000_000_000);
    let reach = Reach::InProcess;
    let config = SessionConfig { settings, latencies, world, reach, clock };
    let session = Session::start(config).await.unwrap();
    let mut out = Vec::new();
    let mut view = Lines::new(&mut out);
    let mut stage = Stage::new(session, &mut view);
    let wrong = story::play(&mut stage).await.unwrap();
    let took = stage.session.clock().elapsed();
    drop(stage);
    let told = String::from_utf8(out).unwrap();
    println!("{told}");
    assert_eq!(wrong, Vec::<String>::new());
    assert!(took.as_secs() < 60, "the story took {took:?}");
    for said in ["CreatingCluster", "ImagePullBackOff", "NoSuchClass", "waiting", "is gone"] {
        assert!(told.contains(said), "nobody was told of {said}");
    }
}

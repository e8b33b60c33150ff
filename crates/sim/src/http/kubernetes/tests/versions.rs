//! Versions that are too old, and what tells clients how far they are.

use super::*;
use std::time::Duration;
use tokio::time::Instant;

#[tokio::test(start_paused = true)]
async fn who_comes_back_too_late_is_told_to_start_again() {
    let api = api_with_widgets();
    for name in ["a", "b", "c"] {
        api.store().put(&WIDGETS, widget(name, "i"));
    }
    let then = api.store().version();
    let first = format!("{WIDGETS_PATH}?limit=1");
    let (_, page) = call(&api, "GET", &first, None).await;
    let next_page =
        format!("{first}&continue={}", page["metadata"]["continue"].as_str().expect("more"));
    api.store().put(&WIDGETS, widget("d", "i"));
    assert_eq!(call(&api, "GET", &next_page, None).await.0, 200);

    api.store().forget_history();
    let (status, body) = call(&api, "GET", &next_page, None).await;
    assert_eq!((status, &body["reason"]), (410, &json!("Expired")));
    let exact = format!("{WIDGETS_PATH}?resourceVersion={then}&resourceVersionMatch=Exact");
    assert_eq!(call(&api, "GET", &exact, None).await.0, 410);
    let newer = format!("{WIDGETS_PATH}?resourceVersion={then}&resourceVersionMatch=NotOlderThan");
    assert_eq!(call(&api, "GET", &newer, None).await.0, 200);

    let mut stream = watch(&api, &format!("resourceVersion={then}")).await;
    let event = next(&mut stream).await.expect("an event");
    assert_eq!(event["type"], "ERROR");
    assert_eq!(
        (&event["object"]["code"], &event["object"]["reason"]),
        (&json!(410), &json!("Expired"))
    );
    assert!(next(&mut stream).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_is_too_slow_for_the_history_ends_with_410() {
    let api = api_with_widgets();
    let now = api.store().version();
    let mut stream = watch(&api, &format!("resourceVersion={now}")).await;
    api.store().put(&WIDGETS, widget("a", "i"));
    assert_eq!(next(&mut stream).await.expect("an event")["type"], "ADDED");
    api.store().put(&WIDGETS, widget("b", "i"));
    api.store().forget_history();
    assert_eq!(next(&mut stream).await.expect("an event")["object"]["code"], 410);
}

#[tokio::test(start_paused = true)]
async fn bookmarks_come_every_minute_and_a_watch_ends_when_its_time_is_over() {
    let api = api_with_widgets();
    let start = Instant::now();
    let mut stream = watch(&api, "allowWatchBookmarks=true&timeoutSeconds=150").await;
    api.store().put(&CUSTOM_RESOURCE_DEFINITIONS, json!({ "metadata": { "name": "other" } }));
    for minute in [1, 2] {
        let event = next(&mut stream).await.expect("an event");
        assert_eq!(event["type"], "BOOKMARK");
        assert_eq!(
            event["object"]["metadata"]["resourceVersion"],
            api.store().version().to_string()
        );
        assert_eq!(start.elapsed(), Duration::from_secs(60 * minute));
    }
    assert!(next(&mut stream).await.is_none());
    assert_eq!(start.elapsed(), Duration::from_secs(150));
}

#[tokio::test(start_paused = true)]
async fn a_watch_sees_a_write_as_soon_as_it_is_made() {
    let api = api_with_widgets();
    let mut stream = watch(&api, "resourceVersion=0").await;
    let start = Instant::now();
    let writer = api.clone();
    let written = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        call(&writer, "POST", WIDGETS_PATH, Some(&widget("a", "i"))).await.0
    });
    assert_eq!(next(&mut stream).await.expect("an event")["object"]["metadata"]["name"], "a");
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(written.await.expect("no panic"), 201);
}

#[tokio::test(start_paused = true)]
async fn ages_in_tables_are_those_of_the_wall_clock() {
    let api = api_with_widgets();
    api.store().put(&WIDGETS, widget("a", "i"));
    tokio::time::advance(Duration::from_secs(125)).await;
    let mut request = request("GET", WIDGETS_PATH, None);
    let accept = "application/json;as=Table;v=v1;g=meta.k8s.io, application/json";
    request.headers_mut().insert("accept", accept.parse().expect("a header"));
    let table: Value =
        serde_json::from_slice(send(&api, request).await.body()).expect("a document");
    assert_eq!(table["rows"][0]["cells"], json!(["a", null, null, "2m5s"]));
}

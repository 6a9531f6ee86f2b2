//! Checked projects into the registry and the control plane: each for itself, or together.

use std::time::Instant;

use futures_util::stream::{self, StreamExt as _};
use serde_json::Value;

use super::check::Ready;
use super::outcome::{Moved, Outcome, Phase};
use super::result::Times;
use super::{Work, concerns_all};
use crate::cli::deploy::summary;
use crate::deploy::{self, DeployError, InRegistry, Step};

/// What is in the registry, and not registered yet.
struct Sent {
    dag_id: String,
    sent: InRegistry,
    /// What it holds, as scripts read it.
    platforms: Value,
    previous: Option<String>,
    seconds: f64,
}

impl Sent {
    /// Returns that nobody registered it.
    fn left(self, reason: &str) -> Outcome {
        let moved = Moved::from(self.sent.pushed());
        let left = Outcome::left(self.dag_id, Phase::Push, &format!("pushed, not registered: {reason}"));
        Outcome { moved, previous: self.previous, ..left }.after(self.seconds)
    }
}

impl Work<'_> {
    /// Deploys each for itself: no failure is another's.
    pub(super) async fn each(&self, ready: Vec<Ready>, times: &mut Times) -> Vec<Outcome> {
        let began = Instant::now();
        self.board.begin_registering("Deploying", ready.iter().map(Ready::dag_id));
        let outcomes = stream::iter(ready).map(|ready| self.deployed(ready)).buffer_unordered(self.jobs());
        let outcomes = outcomes.collect().await;
        times.note(Phase::Push, began);
        outcomes
    }

    async fn deployed(&self, ready: Ready) -> Outcome {
        self.board.start(ready.dag_id());
        let outcome = match self.halted() {
            Some(reason) => ready.left(&reason),
            None => match self.sent(ready).await {
                Ok(sent) => self.registered(*sent).await,
                Err(outcome) => *outcome,
            },
        };
        self.board.came(&outcome);
        outcome
    }

    /// Registers all of them, or none unless the control plane fails midway.
    pub(super) async fn together(&self, ready: Vec<Ready>, times: &mut Times) -> Vec<Outcome> {
        let began = Instant::now();
        self.board.begin("Pushing", "during the push: nothing was registered", ready.iter().map(Ready::dag_id));
        let sent: Vec<_> =
            stream::iter(ready).map(|ready| self.sent_alone(ready)).buffer_unordered(self.jobs()).collect().await;
        times.note(Phase::Push, began);
        let (mut all, mut outcomes) = (Vec::new(), Vec::new());
        for sent in sent {
            match sent {
                Ok(sent) => all.push(*sent),
                Err(outcome) => outcomes.push(*outcome),
            }
        }
        if outcomes.is_empty() {
            return self.all_registered(all, times).await;
        }
        outcomes.extend(all.into_iter().map(|sent| sent.left("others failed (--atomic)")));
        outcomes
    }

    async fn sent_alone(&self, ready: Ready) -> Result<Box<Sent>, Box<Outcome>> {
        let dag_id = ready.dag_id().to_owned();
        self.board.start(&dag_id);
        let sent = match self.halted() {
            Some(reason) => Err(Box::new(ready.left(&reason))),
            None => self.sent(ready).await,
        };
        match &sent {
            Ok(_) => self.board.end(&dag_id),
            Err(outcome) => {
                self.halt(format!("`{dag_id}` failed (--atomic)"));
                self.board.came(outcome);
            }
        }
        sent
    }

    /// The first failure is the last: what is registered cannot be taken back.
    async fn all_registered(&self, all: Vec<Sent>, times: &mut Times) -> Vec<Outcome> {
        let began = Instant::now();
        self.board.begin_registering("Registers", all.iter().map(|sent| sent.dag_id.as_str()));
        let outcomes = stream::iter(all).map(async |sent| {
            let dag_id = sent.dag_id.clone();
            self.board.start(&dag_id);
            let outcome = match self.halted() {
                Some(reason) => sent.left(&reason),
                None => self.registered(sent).await,
            };
            if outcome.failure.is_some() {
                self.halt(format!("`{dag_id}` failed (--atomic)"));
            }
            self.board.came(&outcome);
            outcome
        });
        let outcomes = outcomes.buffer_unordered(self.jobs()).collect().await;
        times.note(Phase::Register, began);
        outcomes
    }

    async fn sent(&self, ready: Ready) -> Result<Box<Sent>, Box<Outcome>> {
        let (dag_id, began) = (ready.dag_id().to_owned(), Instant::now());
        let account = self.road.session.account.part();
        let on_step = |step: Step<'_>| account.step(&step);
        let Ready { checked, previous, seconds } = ready;
        let sent = Box::pin(deploy::send(checked, &self.tools(&on_step))).await;
        let seconds = seconds + began.elapsed().as_secs_f64();
        match sent {
            Ok(sent) => {
                let platforms = summary::platforms(&account, sent.platforms());
                Ok(Box::new(Sent { dag_id, sent, platforms, previous, seconds }))
            }
            Err(error) => {
                let failed = Outcome::failed(dag_id, Phase::Push, error.into());
                Err(Box::new(Outcome { previous, ..failed }.after(seconds)))
            }
        }
    }

    async fn registered(&self, sent: Sent) -> Outcome {
        let Sent { dag_id, sent, platforms, previous, seconds } = sent;
        let (began, moved) = (Instant::now(), Moved::from(sent.pushed()));
        let registered = Box::pin(deploy::register_sent(sent, &self.tools(&|_| {}), &self.road.control_plane)).await;
        self.road.note(&registered);
        let outcome = match registered {
            Ok(deployed) => Outcome::deployed(&deployed, summary::with_platforms(self.road, &deployed, platforms)),
            Err(error) => {
                self.halt_if_gone(&error);
                Outcome { moved, ..Outcome::failed(dag_id, Phase::Register, error.into()) }
            }
        };
        Outcome { previous, ..outcome }.after(seconds + began.elapsed().as_secs_f64())
    }

    /// Nothing more is pushed to where it cannot be registered.
    fn halt_if_gone(&self, error: &DeployError) {
        if let DeployError::PushedNotRegistered { error, .. } = error
            && concerns_all(error)
        {
            self.halt("the control plane cannot be asked any more".to_owned());
        }
    }
}

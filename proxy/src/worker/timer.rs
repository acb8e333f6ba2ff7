//! The worker's shared timer: deadlines cost a linked-list insertion, not a runtime timer each.
//!
//! A hashed wheel of [`SLOTS`] ticks of [`TICK`] each, driven by one runtime sleep. Nearly every deadline of a proxy is
//! set, moved and cancelled without ever firing, so these three are O(1) and free of system calls; a deadline fires up
//! to one tick late, and a millisecond by which the runtime rounds its sleep up, and never early. Invariant: an entry is
//! in the list of `slot_of(entry.tick)` exactly while it is armed.
#![allow(clippy::disallowed_methods, reason = "it is the clock that everything else is given")]

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use slab::Slab;
use tokio::time::Instant;

const TICK: Duration = Duration::from_millis(4);
const SLOTS: usize = 4096;
const NONE: u32 = u32::MAX;

#[derive(Clone, Debug)]
pub struct Timer(Rc<Shared>);

#[derive(Debug)]
struct Shared {
    wheel: RefCell<Wheel>,
    epoch: Instant,
}

#[derive(Debug)]
struct Wheel {
    entries: Slab<Entry>,
    heads: Box<[u32]>,
    /// The first tick that has not been swept yet.
    now: u64,
    /// The tick at which the driver will wake by itself.
    driver_wakes_at: u64,
    driver: Option<Waker>,
}

#[derive(Debug)]
struct Entry {
    tick: u64,
    prev: u32,
    next: u32,
    waker: Option<Waker>,
    state: State,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    Idle,
    Armed,
    Fired,
}

impl Timer {
    pub fn new() -> Self {
        let wheel = Wheel {
            entries: Slab::new(),
            heads: vec![NONE; SLOTS].into_boxed_slice(),
            now: 0,
            driver_wakes_at: u64::MAX,
            driver: None,
        };
        Self(Rc::new(Shared {
            wheel: RefCell::new(wheel),
            epoch: Instant::now(),
        }))
    }

    /// A deadline that is not armed yet.
    pub fn deadline(&self) -> Deadline {
        Deadline {
            timer: self.clone(),
            key: None,
            armed: false,
        }
    }

    /// Waits for `duration`, rounded up to the next tick.
    pub async fn sleep(&self, duration: Duration) {
        let mut deadline = self.deadline();
        deadline.arm(Instant::now() + duration);
        poll_fn(|cx| deadline.poll(cx)).await;
    }

    /// What `future` gives, or `None` once `at` has passed.
    pub async fn until<F: Future>(&self, at: Instant, future: F) -> Option<F::Output> {
        let mut deadline = self.deadline();
        deadline.arm(at);
        let mut future = std::pin::pin!(future);
        poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => deadline.poll(cx).map(|()| None),
        })
        .await
    }

    /// Fires deadlines for as long as the worker lives. Exactly one task per timer runs this.
    pub async fn drive(self) {
        loop {
            let wakes_at = self.0.wheel.borrow_mut().next_stop();
            let sleep = async {
                match wakes_at {
                    Some(tick) => tokio::time::sleep_until(self.instant(tick)).await,
                    None => std::future::pending().await,
                }
            };
            let mut sleep = std::pin::pin!(sleep);
            poll_fn(|cx| {
                let mut wheel = self.0.wheel.borrow_mut();
                if wheel.driver_wakes_at < wakes_at.unwrap_or(u64::MAX) {
                    return Poll::Ready(());
                }
                wheel.driver = Some(cx.waker().clone());
                drop(wheel);
                sleep.as_mut().poll(cx)
            })
            .await;
            let now = self.tick(Instant::now());
            self.0.wheel.borrow_mut().sweep(now);
        }
    }

    fn tick(&self, at: Instant) -> u64 {
        (at.saturating_duration_since(self.0.epoch).as_micros() / TICK.as_micros()) as u64
    }

    fn instant(&self, tick: u64) -> Instant {
        self.0.epoch + Duration::from_micros((TICK.as_micros() as u64).saturating_mul(tick))
    }
}

impl Default for Timer {
    fn default() -> Self {
        Self::new()
    }
}

/// One reusable deadline: armed, moved and cancelled at the cost of a few stores. Cancelled when dropped.
#[derive(Debug)]
pub struct Deadline {
    timer: Timer,
    key: Option<u32>,
    armed: bool,
}

impl Deadline {
    /// Fires after `at`, by up to one tick and a millisecond; replaces what was armed before.
    pub fn arm(&mut self, at: Instant) {
        // Round up: a deadline must never fire before its time.
        let tick = self.timer.tick(at) + 1;
        let mut wheel = self.timer.0.wheel.borrow_mut();
        let key = match self.key {
            Some(key) => key,
            None => {
                let entry = Entry {
                    tick,
                    prev: NONE,
                    next: NONE,
                    waker: None,
                    state: State::Idle,
                };
                *self.key.insert(wheel.entries.insert(entry) as u32)
            }
        };
        wheel.unlink(key);
        wheel.link(key, tick);
        self.armed = true;
    }

    /// Whether it was armed since it was made or disarmed, fired or not.
    pub fn is_armed(&self) -> bool {
        self.armed
    }

    pub fn disarm(&mut self) {
        if !std::mem::take(&mut self.armed) {
            return;
        }
        if let Some(key) = self.key {
            self.timer.0.wheel.borrow_mut().unlink(key);
        }
    }

    /// Ready once the armed time has passed; pending for ever while nothing is armed.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(key) = self.key else { return Poll::Pending };
        let mut wheel = self.timer.0.wheel.borrow_mut();
        let Some(entry) = wheel.entries.get_mut(key as usize) else {
            return Poll::Pending;
        };
        match entry.state {
            State::Fired => return Poll::Ready(()),
            State::Idle => return Poll::Pending,
            State::Armed => {}
        }
        match &mut entry.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            empty => *empty = Some(cx.waker().clone()),
        }
        Poll::Pending
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            let mut wheel = self.timer.0.wheel.borrow_mut();
            wheel.unlink(key);
            wheel.entries.try_remove(key as usize);
        }
    }
}

impl Wheel {
    fn slot_of(tick: u64) -> usize {
        (tick % SLOTS as u64) as usize
    }

    fn link(&mut self, key: u32, tick: u64) {
        // What is already due goes into the next slot to be swept.
        let tick = tick.max(self.now);
        let Some(head) = self.heads.get_mut(Self::slot_of(tick)) else {
            return;
        };
        let old = std::mem::replace(head, key);
        if let Some(entry) = self.entries.get_mut(key as usize) {
            entry.tick = tick;
            entry.prev = NONE;
            entry.next = old;
            entry.state = State::Armed;
        }
        if let Some(entry) = self.entries.get_mut(old as usize) {
            entry.prev = key;
        }
        if tick < self.driver_wakes_at {
            self.driver_wakes_at = tick;
            if let Some(driver) = self.driver.take() {
                driver.wake();
            }
        }
    }

    fn unlink(&mut self, key: u32) {
        let Some(entry) = self.entries.get_mut(key as usize) else {
            return;
        };
        let was = std::mem::replace(&mut entry.state, State::Idle);
        if was != State::Armed {
            return;
        }
        let (prev, next, slot) = (entry.prev, entry.next, Self::slot_of(entry.tick));
        if let Some(entry) = self.entries.get_mut(next as usize) {
            entry.prev = prev;
        }
        if let Some(entry) = self.entries.get_mut(prev as usize) {
            entry.next = next;
        } else if let Some(head) = self.heads.get_mut(slot) {
            *head = next;
        }
    }

    /// The next tick with something in its slot, within one round of the wheel.
    fn next_stop(&mut self) -> Option<u64> {
        let round = self.now..self.now + SLOTS as u64;
        let stop = round
            .into_iter()
            .find(|tick| self.heads.get(Self::slot_of(*tick)).is_some_and(|head| *head != NONE));
        self.driver_wakes_at = stop.unwrap_or(u64::MAX);
        stop
    }

    /// Fires everything due at or before `until`.
    fn sweep(&mut self, until: u64) {
        // One round visits every slot, however long the worker was away.
        let first = self.now.max((until + 1).saturating_sub(SLOTS as u64));
        for tick in first..=until {
            let mut key = self.heads.get(Self::slot_of(tick)).copied().unwrap_or(NONE);
            while let Some(entry) = self.entries.get_mut(key as usize) {
                let next = entry.next;
                if entry.tick <= until {
                    let waker = entry.waker.take();
                    self.unlink(key);
                    if let Some(entry) = self.entries.get_mut(key as usize) {
                        entry.state = State::Fired;
                    }
                    if let Some(waker) = waker {
                        waker.wake();
                    }
                }
                key = next;
            }
        }
        self.now = self.now.max(until + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn on_wheel<F: Future>(test: impl FnOnce(Timer) -> F) -> F::Output {
        let timer = Timer::new();
        tokio::select! {
            biased;
            out = test(timer.clone()) => out,
            () = timer.drive() => unreachable!("the driver never ends"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn fires_never_early_and_at_most_a_tick_and_a_millisecond_late() {
        on_wheel(|timer| async move {
            let millis = [0, 1, 3, 4, 5, 99, 1_000, 16_384, 20_000, 3_600_000];
            for micros in millis
                .map(|millis| millis * 1_000)
                .into_iter()
                .chain((0..20_000).step_by(77))
            {
                let asked = Duration::from_micros(micros);
                let start = Instant::now();
                timer.sleep(asked).await;
                let took = start.elapsed();
                assert!(
                    took >= asked && took <= asked + TICK + Duration::from_millis(1),
                    "asked {asked:?}, took {took:?}"
                );
            }
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn moved_deadline_fires_at_its_last_time() {
        on_wheel(|timer| async move {
            let start = Instant::now();
            let mut deadline = timer.deadline();
            deadline.arm(start + Duration::from_secs(1));
            deadline.arm(start + Duration::from_secs(5));
            poll_fn(|cx| deadline.poll(cx)).await;
            assert!(start.elapsed() >= Duration::from_secs(5));
            deadline.arm(Instant::now() + Duration::from_millis(10));
            poll_fn(|cx| deadline.poll(cx)).await;
            assert!(start.elapsed() < Duration::from_millis(5_030));
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn random_deadlines_fire_in_order_and_cancelled_ones_never() {
        let fired = on_wheel(|timer| async move {
            let mut rng = fastrand::Rng::with_seed(7);
            let start = Instant::now();
            let mut deadlines: Vec<_> = (0..500)
                .map(|_| {
                    let mut deadline = timer.deadline();
                    let at = start + Duration::from_millis(rng.u64(0..40_000));
                    deadline.arm(at);
                    (deadline, at)
                })
                .collect();
            deadlines.retain(|_| rng.bool());
            for (deadline, _) in deadlines.iter_mut().step_by(3) {
                deadline.disarm();
            }
            let armed = deadlines.len() - deadlines.len().div_ceil(3);
            let mut fired = 0;
            poll_fn(|cx| {
                fired = 0;
                for (index, (deadline, at)) in deadlines.iter_mut().enumerate() {
                    let ready = deadline.poll(cx).is_ready();
                    assert!(!(ready && index % 3 == 0), "a disarmed deadline fired");
                    assert!(!ready || Instant::now() >= *at, "fired early");
                    fired += usize::from(ready);
                }
                if fired == armed { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            (fired, armed)
        })
        .await;
        assert_eq!(fired.0, fired.1);
    }
}

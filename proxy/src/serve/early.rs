//! The future of a layer that either answers at once or waits for what is below it.

use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::exchange::{Answer, Error};

pin_project! {
    #[derive(Debug)]
    #[project = EarlyProjection]
    pub enum Early<F> {
        Failed { error: Option<Error> },
        Passed { #[pin] inner: F },
    }
}

impl<F> Early<F> {
    pub(super) fn failed(error: impl Into<Error>) -> Self {
        Self::Failed {
            error: Some(error.into()),
        }
    }
}

impl<F> Future for Early<F>
where
    F: Future<Output = Result<Answer, Error>>,
{
    type Output = Result<Answer, Error>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            EarlyProjection::Failed { error } => match error.take() {
                Some(error) => Poll::Ready(Err(error)),
                // Polled again after it was ready, which no caller does.
                None => Poll::Pending,
            },
            EarlyProjection::Passed { inner } => inner.poll(cx),
        }
    }
}

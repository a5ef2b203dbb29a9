//! Connections of browsers: only so many, and none that says nothing.
//!
//! Invariant: one connection more than the limit waits at the system's door until another ends. A browser
//! that looks at the state answers the questions whether it is there, so a connection from which nothing
//! comes for a minute has nobody at its other end.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep},
};

/// Most connections at the same time; a browser opens up to six for a page's files.
pub const CONNECTIONS_MAX: usize = 256;

/// A connection from which nothing comes for so long is closed.
pub(crate) const SILENCE_MAX: Duration = Duration::from_mins(1);

/// A listener that lets in no more than so many at the same time.
pub(crate) struct Bounded {
    listener: TcpListener,
    room: Arc<Semaphore>,
    silence_max: Duration,
}

impl Bounded {
    pub(crate) fn new(
        listener: TcpListener,
        connections_max: usize,
        silence_max: Duration,
    ) -> Self {
        Self {
            listener,
            room: Arc::new(Semaphore::new(connections_max)),
            silence_max,
        }
    }
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let permit = loop {
            match Arc::clone(&self.room).acquire_owned().await {
                Ok(permit) => break permit,
                // It is never closed; were it, nobody would be let in.
                Err(_) => std::future::pending::<()>().await,
            }
        };
        // Pauses after errors such as too many open files are in there.
        let (stream, addr) = Listener::accept(&mut self.listener).await;
        let connection = Connection {
            stream,
            silence_max: self.silence_max,
            silent: Box::pin(sleep(self.silence_max)),
            _permit: permit,
        };
        (connection, addr)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// One connection, with its place among all.
pub(crate) struct Connection {
    stream: TcpStream,
    silence_max: Duration,
    silent: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(read) => {
                let until = Instant::now() + self.silence_max;
                self.silent.as_mut().reset(until);
                Poll::Ready(read)
            }
            Poll::Pending => {
                ready!(self.silent.as_mut().poll(context));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::{io::AsyncReadExt, time::timeout};

    use super::*;

    const SOON: Duration = Duration::from_millis(50);

    async fn bounded(connections_max: usize, silence_max: Duration) -> (Bounded, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
        let addr = listener.local_addr().expect("bound");
        (Bounded::new(listener, connections_max, silence_max), addr)
    }

    #[tokio::test]
    async fn as_many_as_the_limit_are_let_in_and_the_next_waits() {
        let (mut bounded, addr) = bounded(CONNECTIONS_MAX, SILENCE_MAX).await;
        let mut held = Vec::new();
        for _ in 0..CONNECTIONS_MAX {
            let browser = TcpStream::connect(addr).await.expect("it listens");
            held.push((browser, bounded.accept().await));
        }
        let _next = TcpStream::connect(addr).await.expect("the system takes it");
        assert!(timeout(SOON, bounded.accept()).await.is_err());
        held.pop();
        bounded.accept().await;
    }

    #[tokio::test]
    async fn a_connection_from_which_nothing_comes_is_closed() {
        let (mut bounded, addr) = bounded(1, SOON).await;
        let _browser = TcpStream::connect(addr).await.expect("it listens");
        let (mut connection, _) = bounded.accept().await;
        let read = connection.read(&mut [0]).await;
        assert_eq!(
            read.map_err(|error| error.kind()),
            Err(io::ErrorKind::TimedOut)
        );
    }
}

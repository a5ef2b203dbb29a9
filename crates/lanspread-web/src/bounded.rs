//! Connections of browsers: only so many, and none that says nothing.
//!
//! Invariant: one connection more than the limit waits at the system's door until another ends. A browser
//! that looks at the state answers the questions whether it is there, so a connection from which nothing
//! comes for a minute has nobody at its other end, unless it is being sent something long.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
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
            in_use: InUse::default(),
            _permit: permit,
        };
        (connection, addr)
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

/// Whether something long is sent on a connection; whoever sends it watches over it.
#[derive(Debug, Clone, Default)]
pub(crate) struct InUse(Arc<AtomicUsize>);

impl InUse {
    /// Something long is sent from here on until the returned guard is dropped.
    pub(crate) fn begin(&self) -> Busy {
        self.0.fetch_add(1, Ordering::Relaxed);
        Busy(self.clone())
    }

    fn is_busy(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}

/// Something long is being sent.
#[derive(Debug)]
pub(crate) struct Busy(InUse);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What handlers learn of the connection that a request came on.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// Where the browser is.
    pub(crate) addr: SocketAddr,
    pub(crate) in_use: InUse,
}

impl Connected<IncomingStream<'_, Bounded>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Bounded>) -> Self {
        Self {
            addr: *stream.remote_addr(),
            in_use: stream.io().in_use.clone(),
        }
    }
}

/// One connection, with its place among all.
pub(crate) struct Connection {
    stream: TcpStream,
    silence_max: Duration,
    silent: Pin<Box<Sleep>>,
    in_use: InUse,
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
                while self.silent.as_mut().poll(context).is_ready() {
                    if !self.in_use.is_busy() {
                        return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                    }
                    let until = Instant::now() + self.silence_max;
                    self.silent.as_mut().reset(until);
                }
                Poll::Pending
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
    async fn a_connection_on_which_something_long_is_sent_may_be_silent() {
        let (mut bounded, addr) = bounded(1, SOON).await;
        let _browser = TcpStream::connect(addr).await.expect("it listens");
        let (mut connection, _) = bounded.accept().await;
        let busy = connection.in_use.begin();
        assert!(timeout(4 * SOON, connection.read(&mut [0])).await.is_err());
        drop(busy);
        let read = connection.read(&mut [0]).await;
        assert_eq!(
            read.map_err(|error| error.kind()),
            Err(io::ErrorKind::TimedOut)
        );
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

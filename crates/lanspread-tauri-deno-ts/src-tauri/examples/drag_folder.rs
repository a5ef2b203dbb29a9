//! Drags a folder onto a window as a file manager does, for the window's own test: `drag_folder TITLE FOLDER`.
//!
//! Drag and drop between programs on X11 is the protocol XDND, version 5
//! (<https://www.freedesktop.org/wiki/Specifications/XDND/>): the source tells the target where the pointer is, the
//! target says whether it would take what is dragged, and asks for it as it asks for a selection.
//!
//! The invariant: every wait has a limit, and it ends well only when the target said that it took the folder.

#[cfg(target_os = "linux")]
fn main() -> std::process::ExitCode {
    match source::main() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("drag_folder: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {
    eprintln!("drag_folder: this system has no X11");
}

#[cfg(target_os = "linux")]
mod source {
    use std::{
        error::Error,
        thread,
        time::{Duration, Instant},
    };

    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    use x11rb::{
        COPY_DEPTH_FROM_PARENT, COPY_FROM_PARENT, CURRENT_TIME, NONE,
        connection::Connection,
        protocol::{
            Event,
            xproto::{
                Atom, AtomEnum, ClientMessageEvent, ConnectionExt as _, CreateWindowAux, EventMask,
                PropMode, SELECTION_NOTIFY_EVENT, SelectionNotifyEvent, SelectionRequestEvent,
                Window, WindowClass,
            },
        },
        rust_connection::RustConnection,
        wrapper::ConnectionExt as _,
    };

    type Result<T> = std::result::Result<T, Box<dyn Error>>;

    /// How long the target may take for all of it.
    const PATIENCE: Duration = Duration::from_secs(20);

    /// A pointer that moves is told of about so often.
    const MOVES_EVERY: Duration = Duration::from_millis(30);

    /// The version of the protocol that is spoken.
    const XDND_VERSION: u32 = 5;

    /// What may not stand as it is in the path of an address.
    const NOT_IN_PATH: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#').add(b'"');

    x11rb::atom_manager! {
        /// The names of the protocol.
        Names: NamesCookie {
            XdndEnter,
            XdndPosition,
            XdndStatus,
            XdndDrop,
            XdndFinished,
            XdndSelection,
            XdndActionCopy,
            _NET_CLIENT_LIST,
            _NET_WM_NAME,
            UTF8_STRING,
            URI_LIST: b"text/uri-list",
        }
    }

    pub(super) fn main() -> Result<()> {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let [title, folder] = words.as_slice() else {
            return Err("usage: drag_folder TITLE FOLDER".into());
        };
        let (connection, screen) = x11rb::connect(None)?;
        let names = Names::new(&connection)?.reply()?;
        let root = connection.setup().roots[screen].root;
        let target = find(&connection, names, root, title)?;
        let path = utf8_percent_encode(folder, NOT_IN_PATH);
        let drag = Drag {
            own: own_window(&connection, root)?,
            address: format!("file://{path}\r\n"),
            connection: &connection,
            names,
            root,
            target,
        };
        drag.run()
    }

    /// A window that nobody sees, so that there is somebody to answer.
    fn own_window(connection: &RustConnection, root: Window) -> Result<Window> {
        let own = connection.generate_id()?;
        connection.create_window(
            COPY_DEPTH_FROM_PARENT,
            own,
            root,
            0,
            0,
            1,
            1,
            0,
            WindowClass::INPUT_OUTPUT,
            COPY_FROM_PARENT,
            &CreateWindowAux::new(),
        )?;
        Ok(own)
    }

    /// The window of this title that the window manager knows.
    fn find(
        connection: &RustConnection,
        names: Names,
        root: Window,
        title: &str,
    ) -> Result<Window> {
        let list = names._NET_CLIENT_LIST;
        let known = connection
            .get_property(false, root, list, AtomEnum::WINDOW, 0, u32::MAX)?
            .reply()?;
        let known: Vec<Window> = known.value32().ok_or("nobody lists windows")?.collect();
        for window in known {
            let name = connection
                .get_property(false, window, names._NET_WM_NAME, names.UTF8_STRING, 0, 256)?
                .reply()?;
            if name.value == title.as_bytes() {
                return Ok(window);
            }
        }
        Err(format!("there is no window {title}").into())
    }

    /// One drag, from the first move to the end.
    struct Drag<'a> {
        connection: &'a RustConnection,
        names: Names,
        root: Window,
        own: Window,
        target: Window,
        /// What is dragged, as programs tell each other files.
        address: String,
    }

    impl Drag<'_> {
        fn run(&self) -> Result<()> {
            let names = self.names;
            self.connection
                .set_selection_owner(self.own, names.XdndSelection, CURRENT_TIME)?;
            self.say(
                names.XdndEnter,
                [XDND_VERSION << 24, names.URI_LIST, NONE, NONE],
            )?;
            let (x, y) = self.middle()?;
            let until = Instant::now() + PATIENCE;
            let mut is_dropped = false;
            while Instant::now() < until {
                if !is_dropped {
                    let at = u32::from(x) << 16 | u32::from(y);
                    self.say(
                        names.XdndPosition,
                        [0, at, CURRENT_TIME, names.XdndActionCopy],
                    )?;
                }
                thread::sleep(MOVES_EVERY);
                while let Some(event) = self.connection.poll_for_event()? {
                    match event {
                        Event::SelectionRequest(request) => self.hand_over(&request)?,
                        Event::ClientMessage(told) if told.type_ == names.XdndStatus => {
                            let would_take = told.data.as_data32()[1] & 1 == 1;
                            if would_take && !is_dropped {
                                is_dropped = true;
                                self.say(names.XdndDrop, [0, CURRENT_TIME, 0, 0])?;
                            }
                        }
                        Event::ClientMessage(told) if told.type_ == names.XdndFinished => {
                            return Ok(());
                        }
                        _ => {}
                    }
                }
            }
            let what = if is_dropped { "took" } else { "would take" };
            Err(format!("the window never said that it {what} the folder").into())
        }

        /// The middle of the target, on the screen.
        fn middle(&self) -> Result<(u16, u16)> {
            let size = self.connection.get_geometry(self.target)?.reply()?;
            let corner = self
                .connection
                .translate_coordinates(self.target, self.root, 0, 0)?
                .reply()?;
            let middle =
                |corner: i16, length: u16| u16::try_from(i32::from(corner) + i32::from(length / 2));
            Ok((
                middle(corner.dst_x, size.width)?,
                middle(corner.dst_y, size.height)?,
            ))
        }

        /// Tells the target something; the first word is always who drags.
        fn say(&self, what: Atom, [a, b, c, d]: [u32; 4]) -> Result<()> {
            let message = ClientMessageEvent::new(32, self.target, what, [self.own, a, b, c, d]);
            self.connection
                .send_event(false, self.target, EventMask::NO_EVENT, message)?;
            self.connection.flush()?;
            Ok(())
        }

        /// Gives the target what is dragged, if it asks for that and not for something else.
        fn hand_over(&self, request: &SelectionRequestEvent) -> Result<()> {
            let is_meant = request.target == self.names.URI_LIST;
            if is_meant {
                self.connection.change_property8(
                    PropMode::REPLACE,
                    request.requestor,
                    request.property,
                    request.target,
                    self.address.as_bytes(),
                )?;
            }
            let answer = SelectionNotifyEvent {
                response_type: SELECTION_NOTIFY_EVENT,
                sequence: 0,
                time: request.time,
                requestor: request.requestor,
                selection: request.selection,
                target: request.target,
                property: if is_meant { request.property } else { NONE },
            };
            self.connection
                .send_event(false, request.requestor, EventMask::NO_EVENT, answer)?;
            self.connection.flush()?;
            Ok(())
        }
    }
}

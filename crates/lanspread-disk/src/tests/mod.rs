//! Tests of the disk side on real directories, with an unpacker for archives of the tests' own kind.

mod bounds;
mod crash;
mod crash_fs;
mod download;
mod install;
mod library;
mod world;

//! Tests of the disk side on real directories, with an unpacker for archives of the tests' own kind.

mod bounds;
mod crash;
mod crash_fs;
mod crash_image;
mod crash_scenarios;
mod crash_teeth;
mod download;
mod folders;
mod hanging;
mod install;
mod library;
mod longest;
mod state_dir;
mod state_files;
mod world;

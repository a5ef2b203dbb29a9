//! Packs archives of every format, also such as no honest packer makes.

use std::io::{Cursor, Write};

use rars::{ArchiveVersion, Builder};
use sevenz_rust2::encoder_options::AesEncoderOptions;
use sevenz_rust2::{ArchiveEntry, ArchiveWriter, EncoderMethod, Password, SourceReader};
use tar::EntryType;
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

/// What goes into an archive.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    File(String, Vec<u8>),
    /// A file with a Unix mode.
    Mode(String, Vec<u8>, u32),
    Directory(String),
}

pub(crate) fn file(name: &str, content: impl Into<Vec<u8>>) -> Item {
    Item::File(name.to_owned(), content.into())
}

pub(crate) fn directory(name: &str) -> Item {
    Item::Directory(name.to_owned())
}

/// A way to pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pack {
    Rar5,
    Rar5Solid,
    Rar5Stored,
    Rar7,
    Rar4,
    Rar4Solid,
    Rar4Stored,
    Rar2,
    Zip,
    ZipStored,
    SevenZ,
    SevenZSolid,
    Tar,
    TarGz,
    TarZst,
}

impl Pack {
    pub(crate) const ALL: [Self; 15] = [
        Self::Rar5,
        Self::Rar5Solid,
        Self::Rar5Stored,
        Self::Rar7,
        Self::Rar4,
        Self::Rar4Solid,
        Self::Rar4Stored,
        Self::Rar2,
        Self::Zip,
        Self::ZipStored,
        Self::SevenZ,
        Self::SevenZSolid,
        Self::Tar,
        Self::TarGz,
        Self::TarZst,
    ];

    /// One way for each decoder, for tests with so much content that packing it takes a while.
    pub(crate) const DECODERS: [Self; 9] = [
        Self::Rar5,
        Self::Rar5Stored,
        Self::Rar4Solid,
        Self::Rar4Stored,
        Self::Zip,
        Self::SevenZ,
        Self::Tar,
        Self::TarGz,
        Self::TarZst,
    ];

    /// Packs items. The archive is to be read by content, so its name is up to the caller.
    pub(crate) fn pack(self, items: &[Item]) -> Vec<u8> {
        match self {
            Self::Rar5 => rar(Builder::new(ArchiveVersion::Rar50), items),
            Self::Rar5Solid => rar(Builder::new(ArchiveVersion::Rar50).solid(true), items),
            Self::Rar5Stored => rar(Builder::new(ArchiveVersion::Rar50).store(true), items),
            Self::Rar7 => rar(Builder::new(ArchiveVersion::Rar70), items),
            Self::Rar4 => rar(Builder::new(ArchiveVersion::Rar40), items),
            Self::Rar4Solid => rar(Builder::new(ArchiveVersion::Rar40).solid(true), items),
            Self::Rar4Stored => rar(Builder::new(ArchiveVersion::Rar40).store(true), items),
            Self::Rar2 => rar(Builder::new(ArchiveVersion::Rar20), items),
            Self::Zip => zip(items, CompressionMethod::Deflated),
            Self::ZipStored => zip(items, CompressionMethod::Stored),
            Self::SevenZ => sevenz(items),
            Self::SevenZSolid => sevenz_solid(items),
            Self::Tar => tar(items),
            Self::TarGz => gzip(&tar(items)),
            Self::TarZst => zst(&tar(items)),
        }
    }
}

pub(crate) fn rar_builder(mut builder: Builder, items: &[Item]) -> Builder {
    for item in items {
        match item.clone() {
            Item::File(name, content) => {
                builder
                    .add_bytes(name.into_bytes(), content, None, None)
                    .unwrap();
            }
            Item::Mode(name, content, mode) => {
                builder
                    .add_bytes(name.into_bytes(), content, None, Some(mode))
                    .unwrap();
            }
            Item::Directory(name) => {
                builder
                    .add_directory(name.into_bytes(), None, None)
                    .unwrap();
            }
        }
    }
    builder
}

pub(crate) fn rar(builder: Builder, items: &[Item]) -> Vec<u8> {
    // The packer takes a minute at its default level for what the reader unpacks in a moment.
    rar_builder(builder.compression_level(Some(1)), items)
        .to_bytes()
        .unwrap()
}

/// Packs a RAR 5 archive with names that its packer refuses: each item's name is put in later, over
/// a harmless one of the same length, and the checksum of the header is made to fit.
pub(crate) fn rar5_with_raw_names(names: &[&str]) -> Vec<u8> {
    let harmless = |index: usize, name: &str| {
        format!("{index}{}", "x".repeat(name.len().checked_sub(1).unwrap()))
    };
    let items: Vec<Item> = names
        .iter()
        .enumerate()
        .map(|(index, name)| file(&harmless(index, name), *b"content"))
        .collect();
    let mut bytes = rar(Builder::new(ArchiveVersion::Rar50).store(true), &items);
    for (index, name) in names.iter().enumerate() {
        let old = harmless(index, name);
        let at = find(&bytes, old.as_bytes());
        bytes[at..at + name.len()].copy_from_slice(name.as_bytes());
    }
    fix_rar5_checksums(&mut bytes);
    bytes
}

fn fix_rar5_checksums(bytes: &mut [u8]) {
    let mut at = 8;
    while at + 4 < bytes.len() {
        let (header_bytes, size_bytes) = vint(bytes, at + 4);
        let end = at + 4 + size_bytes + usize::try_from(header_bytes).unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(&bytes[at + 4..end]);
        bytes[at..at + 4].copy_from_slice(&crc.sum().to_le_bytes());
        let mut field = at + 4 + size_bytes;
        let mut next = || {
            let (value, length) = vint(bytes, field);
            field += length;
            value
        };
        let (_kind, flags) = (next(), next());
        if flags & 1 != 0 {
            next();
        }
        let data_bytes = if flags & 2 == 0 { 0 } else { next() };
        at = end + usize::try_from(data_bytes).unwrap();
    }
}

fn vint(bytes: &[u8], at: usize) -> (u64, usize) {
    let mut value = 0;
    for (index, byte) in bytes[at..].iter().enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return (value, index + 1);
        }
    }
    panic!("a number without end");
}

pub(crate) fn zip(items: &[Item], method: CompressionMethod) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for item in items {
        match item {
            Item::File(name, content) => {
                writer.start_file(name.as_str(), options).unwrap();
                writer.write_all(content).unwrap();
            }
            Item::Mode(name, content, mode) => {
                writer
                    .start_file(name.as_str(), options.unix_permissions(*mode))
                    .unwrap();
                writer.write_all(content).unwrap();
            }
            Item::Directory(name) => writer.add_directory(name.as_str(), options).unwrap(),
        }
    }
    writer.finish().unwrap().into_inner()
}

pub(crate) fn zip_symlink(items: &[Item], name: &str, points_to: &str) -> Vec<u8> {
    let bytes = zip(items, CompressionMethod::Stored);
    let mut writer = zip::ZipWriter::new_append(Cursor::new(bytes)).unwrap();
    writer
        .add_symlink(name, points_to, SimpleFileOptions::default())
        .unwrap();
    writer.finish().unwrap().into_inner()
}

/// Puts a Unix mode, with its kind, into the first entry of a zip archive.
pub(crate) fn set_zip_mode(bytes: &mut [u8], mode: u32) {
    let central = find(bytes, b"PK\x01\x02");
    bytes[central + 5] = 3; // made on Unix
    bytes[central + 38..central + 42].copy_from_slice(&(mode << 16).to_le_bytes());
}

fn sevenz_entry(item: &Item) -> (ArchiveEntry, Vec<u8>) {
    match item.clone() {
        Item::File(name, content) => (ArchiveEntry::new_file(&name), content),
        Item::Mode(name, content, mode) => {
            let mut entry = ArchiveEntry::new_file(&name);
            entry.has_windows_attributes = true;
            entry.windows_attributes = 0x8000 | (mode << 16);
            (entry, content)
        }
        Item::Directory(name) => (ArchiveEntry::new_directory(&name), Vec::new()),
    }
}

pub(crate) fn sevenz(items: &[Item]) -> Vec<u8> {
    sevenz_into(ArchiveWriter::new(Cursor::new(Vec::new())).unwrap(), items)
}

fn sevenz_into(mut writer: ArchiveWriter<Cursor<Vec<u8>>>, items: &[Item]) -> Vec<u8> {
    for item in items {
        let (entry, content) = sevenz_entry(item);
        let content = (!entry.is_directory()).then(|| Cursor::new(content));
        writer.push_archive_entry(entry, content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn sevenz_solid(items: &[Item]) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    let (filled, empty): (Vec<_>, Vec<_>) = items
        .iter()
        .map(sevenz_entry)
        .partition(|(_, content)| !content.is_empty());
    if !filled.is_empty() {
        let (entries, readers) = filled
            .into_iter()
            .map(|(entry, content)| (entry, SourceReader::new(Cursor::new(content))))
            .unzip();
        writer.push_archive_entries(entries, readers).unwrap();
    }
    for (entry, _) in empty {
        writer
            .push_archive_entry::<Cursor<Vec<u8>>>(entry, None)
            .unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(crate) fn sevenz_encrypted(items: &[Item]) -> Vec<u8> {
    let mut writer = ArchiveWriter::new(Cursor::new(Vec::new())).unwrap();
    writer.set_content_methods(vec![
        AesEncoderOptions::new(Password::new("secret")).into(),
        EncoderMethod::LZMA2.into(),
    ]);
    writer.set_encrypt_header(false);
    sevenz_into(writer, items)
}

pub(crate) fn tar(items: &[Item]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for item in items {
        let mut header = tar::Header::new_gnu();
        match item {
            Item::File(name, content) => {
                header.set_size(content.len() as u64);
                header.set_mode(0o644);
                builder
                    .append_data(&mut header, name, content.as_slice())
                    .unwrap();
            }
            Item::Mode(name, content, mode) => {
                header.set_size(content.len() as u64);
                header.set_mode(*mode);
                builder
                    .append_data(&mut header, name, content.as_slice())
                    .unwrap();
            }
            Item::Directory(name) => {
                header.set_entry_type(EntryType::Directory);
                header.set_size(0);
                header.set_mode(0o755);
                builder
                    .append_data(&mut header, name, [].as_slice())
                    .unwrap();
            }
        }
    }
    builder.into_inner().unwrap()
}

/// A record of a tar archive as raw as it gets.
pub(crate) struct Record {
    pub(crate) kind: EntryType,
    pub(crate) name: &'static str,
    pub(crate) points_to: &'static str,
    pub(crate) content: &'static [u8],
}

pub(crate) fn record(kind: EntryType, name: &'static str, points_to: &'static str) -> Record {
    Record {
        kind,
        name,
        points_to,
        content: b"",
    }
}

pub(crate) fn raw_file(name: &'static str, content: &'static [u8]) -> Record {
    Record {
        kind: EntryType::Regular,
        name,
        points_to: "",
        content,
    }
}

pub(crate) fn tar_raw(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for record in records {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(record.kind);
        header.set_mode(0o644);
        header.set_size(record.content.len() as u64);
        let fields = header.as_old_mut();
        fields.name[..record.name.len()].copy_from_slice(record.name.as_bytes());
        fields.linkname[..record.points_to.len()].copy_from_slice(record.points_to.as_bytes());
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(record.content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn zst(content: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> usize {
    bytes
        .windows(needle.len())
        .position(|window| window == needle)
        .unwrap()
}

/// Content that neither repeats nor compresses to nothing.
pub(crate) fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Seven in eight bytes are of few values, so that packers find something to do.
        let [low, high, ..] = state.to_le_bytes();
        if high.is_multiple_of(8) { low } else { low % 8 }
    })
    .take(bytes)
    .collect()
}

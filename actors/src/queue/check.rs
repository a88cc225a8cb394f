//! Looks through the map's file before LMDB maps it.
//!
//! LMDB believes its pages: one that a bad flash or a power cut garbled makes it read anywhere, and the process dies at
//! every start. So after a stop that was not clean every page that is in use is looked at here, without LMDB: each is
//! of the right kind, in bounds, in order, and used once. Documents are not read; they have checksums of their own.
//!
//! Numbers are of one machine word (W bytes), little endian on all our processors. Source: mdb.c of LMDB's data version 1,
//! `MDB_page`, `MDB_meta`, `MDB_db`, `MDB_node`.
//!
//! | what | bytes |
//! | --- | --- |
//! | page | number W, pad 2, flags 2 (1 branch, 2 leaf, 4 overflow, 8 meta), lower 2, upper 2; overflow: pages 4 for the last two |
//! | meta | page head, magic 4, version 4, address W, map size W, trees of free pages and tables, last page W, transaction W |
//! | tree | pad 4 (page size, in the first), flags 2, depth 2, branch pages W, leaf pages W, overflow pages W, entries W, root W |
//! | node | low 2, high 2, flags 2 (1 overflow, 2 tree), key length 2, key, data; in a branch low, high, flags are a page number |

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::messages::queue::StoreError;

/// Bytes of a machine word.
const WORD: usize = size_of::<usize>();

/// Bytes of a page's head.
const HEAD: usize = WORD + 8;

/// Bytes of a tree's description.
const TREE: usize = 8 + 5 * WORD;

/// Bytes of a node before its key.
const NODE: usize = 8;

/// First bytes of a meta page's body.
const MAGIC: u64 = 0xBEEF_C0DE;

const BRANCH: u64 = 1;
const LEAF: u64 = 2;
const OVERFLOW: u64 = 4;

const BIG: u64 = 1;
const SUBTREE: u64 = 2;

/// The root of an empty tree.
const NO_PAGE: u64 = usize::MAX as u64;

/// Trees are not deeper: LMDB's cursors end there.
const DEEPEST: u64 = 32;

/// Why the file is not sound.
enum Fault {
    Damage(String),
    Disk(io::Error),
}

impl From<io::Error> for Fault {
    fn from(cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::UnexpectedEof => Self::Damage("file is cut short".to_owned()),
            _ => Self::Disk(cause),
        }
    }
}

type Checked<T> = Result<T, Fault>;

/// Looks through the file at `data`. What LMDB itself refuses (no file, no meta pages) is left to it.
///
/// # Errors
/// It is damaged, or cannot be read.
pub(super) fn check(data: &Path) -> Result<(), StoreError> {
    match walk(data) {
        Ok(()) => Ok(()),
        Err(Fault::Damage(detail)) => Err(StoreError::Damaged {
            table: "data.mdb",
            detail,
        }),
        Err(Fault::Disk(cause)) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(Fault::Disk(cause)) => Err(super::spool::failed("read", data, cause)),
    }
}

fn walk(data: &Path) -> Checked<()> {
    let file = File::open(data)?;
    let Some(meta) = Meta::newest(&file)? else {
        return Ok(());
    };
    let words = usize::try_from(meta.last / 64 + 1).unwrap_or(usize::MAX);
    let mut walk = Walk {
        file,
        page_bytes: meta.page_bytes,
        last: meta.last,
        used: vec![0; words],
        tables: Vec::new(),
        free: Vec::new(),
    };
    walk.tree(&meta.free, Kind::Free)?;
    walk.tree(&meta.tables, Kind::Tables)?;
    for table in std::mem::take(&mut walk.tables) {
        walk.tree(&table, Kind::Table)?;
    }
    for page in std::mem::take(&mut walk.free) {
        walk.claim(page, 1)?;
    }
    Ok(())
}

/// What a meta page says.
struct Meta {
    page_bytes: usize,
    free: Tree,
    tables: Tree,
    last: u64,
    transaction: u64,
}

impl Meta {
    /// The one LMDB would use; none when it would refuse both.
    fn newest(file: &File) -> Checked<Option<Self>> {
        let Some(first) = Self::read(file, 0)? else {
            return Ok(None);
        };
        let offset = u64::try_from(first.page_bytes).unwrap_or(u64::MAX);
        let second = Self::read(file, offset)?;
        Ok(second.map(|second| {
            if second.transaction > first.transaction {
                second
            } else {
                first
            }
        }))
    }

    fn read(file: &File, offset: u64) -> Checked<Option<Self>> {
        let mut bytes = [0; HEAD + 8 + 2 * WORD + 2 * TREE + 2 * WORD];
        match file.read_exact_at(&mut bytes, offset) {
            Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        }
        if number(&bytes, HEAD, 4) != MAGIC {
            return Ok(None);
        }
        let trees = HEAD + 8 + 2 * WORD;
        let page_bytes = number(&bytes, trees, 4);
        let sound = page_bytes.is_power_of_two() && (512..=65_536).contains(&page_bytes);
        Ok(sound.then(|| Self {
            page_bytes: usize::try_from(page_bytes).unwrap_or(0),
            free: Tree::read(&bytes, trees),
            tables: Tree::read(&bytes, trees + TREE),
            last: number(&bytes, trees + 2 * TREE, WORD),
            transaction: number(&bytes, trees + 2 * TREE + WORD, WORD),
        }))
    }
}

/// The description of a tree, or what was counted in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tree {
    depth: u64,
    branches: u64,
    leaves: u64,
    overflows: u64,
    entries: u64,
    root: u64,
}

impl Tree {
    fn read(bytes: &[u8], at: usize) -> Self {
        let word = |index: usize| number(bytes, at + 8 + index * WORD, WORD);
        Self {
            depth: number(bytes, at + 6, 2),
            branches: word(0),
            leaves: word(1),
            overflows: word(2),
            entries: word(3),
            root: word(4),
        }
    }
}

/// What a tree holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Lists of free pages, by transaction.
    Free,
    /// The tables, by name.
    Tables,
    /// A table.
    Table,
}

struct Walk {
    file: File,
    page_bytes: usize,
    last: u64,
    /// A bit for each page.
    used: Vec<u64>,
    tables: Vec<Tree>,
    free: Vec<u64>,
}

impl Walk {
    fn tree(&mut self, tree: &Tree, kind: Kind) -> Checked<()> {
        if tree.root == NO_PAGE {
            return Ok(());
        }
        ensure(tree.depth <= DEEPEST, || "a tree is too deep".to_owned())?;
        let mut found = Tree {
            depth: tree.depth,
            root: tree.root,
            ..Tree::default()
        };
        self.page(tree.root, tree.depth, kind, &mut found)?;
        ensure(found == *tree, || {
            format!("the tree at page {} is not what it was", tree.root)
        })
    }

    fn page(&mut self, at: u64, depth: u64, kind: Kind, found: &mut Tree) -> Checked<()> {
        let bad = |what: &str| Fault::Damage(format!("page {at}: {what}"));
        self.claim(at, 1)?;
        let mut page = vec![0; self.page_bytes];
        self.read(at, &mut page)?;
        let (lower, upper) = (number(&page, WORD + 4, 2), number(&page, WORD + 6, 2));
        let head = HEAD as u64;
        let leaf = depth == 1;
        let flags = number(&page, WORD + 2, 2);
        if number(&page, 0, WORD) != at || flags != if leaf { LEAF } else { BRANCH } {
            return Err(bad("is another page"));
        }
        let count = lower.saturating_sub(head) / 2;
        let least = if leaf || kind == Kind::Free { 1 } else { 2 };
        if lower > upper || upper > page.len() as u64 || count < least {
            return Err(bad("has impossible bounds"));
        }
        let mut before: Option<&[u8]> = None;
        let mut children = Vec::new();
        for index in 0..count {
            let node =
                Node::read(&page, HEAD + 2 * size(index), upper).ok_or_else(|| bad("has a node outside"))?;
            // The first key of a branch is never looked at.
            let ordered = before.is_none_or(|before| before < node.key) || (!leaf && index < 2);
            if kind != Kind::Free && !ordered {
                return Err(bad("is out of order"));
            }
            before = Some(node.key);
            if leaf {
                found.entries += 1;
                self.leaf(&node, kind, found).map_err(|fault| match fault {
                    Fault::Damage(what) => bad(&what),
                    fault @ Fault::Disk(_) => fault,
                })?;
            } else {
                children.push(node.child);
            }
        }
        *(if leaf {
            &mut found.leaves
        } else {
            &mut found.branches
        }) += 1;
        for child in children {
            self.page(child, depth - 1, kind, found)?;
        }
        Ok(())
    }

    fn leaf(&mut self, node: &Node<'_>, kind: Kind, found: &mut Tree) -> Checked<()> {
        ensure((node.flags == SUBTREE) == (kind == Kind::Tables), || {
            "has a node of another kind".to_owned()
        })?;
        let mut far = Vec::new();
        let data = match node.flags {
            BIG => {
                let pages = self.overflow(
                    number(node.rest, 0, WORD),
                    node.bytes,
                    kind == Kind::Free,
                    &mut far,
                )?;
                found.overflows += pages;
                &far[..]
            }
            0 | SUBTREE => node
                .rest
                .get(..node.bytes)
                .ok_or_else(|| Fault::Damage("has data outside".to_owned()))?,
            _ => return Err(Fault::Damage("has a node of an unknown kind".to_owned())),
        };
        match kind {
            Kind::Table => {}
            Kind::Tables => {
                ensure(data.len() == TREE, || "has a damaged table".to_owned())?;
                self.tables.push(Tree::read(data, 0));
            }
            Kind::Free => self.free_list(data)?,
        }
        Ok(())
    }

    /// The pages of a value that has pages of its own; reads it where its content matters.
    fn overflow(&mut self, at: u64, bytes: usize, read: bool, into: &mut Vec<u8>) -> Checked<u64> {
        let mut head = [0; HEAD];
        ensure((2..=self.last).contains(&at), || format!("leads to page {at}"))?;
        self.read(at, &mut head)?;
        let pages = number(&head, WORD + 4, 4);
        let needed = ((HEAD - 1 + bytes) / self.page_bytes + 1) as u64;
        let sound = number(&head, 0, WORD) == at && number(&head, WORD + 2, 2) == OVERFLOW && pages >= needed;
        ensure(sound, || format!("leads to page {at}, which is another one"))?;
        self.claim(at, pages)?;
        if read {
            into.resize(bytes, 0);
            let start = at * self.page_bytes as u64 + HEAD as u64;
            self.file.read_exact_at(into, start)?;
        }
        Ok(pages)
    }

    /// A count and so many page numbers, the largest first.
    fn free_list(&mut self, data: &[u8]) -> Checked<()> {
        let count = number(data, 0, WORD);
        let fits = size(count).saturating_add(1).saturating_mul(WORD) <= data.len();
        ensure(fits, || "has a damaged list of free pages".to_owned())?;
        let pages = (1..=count).map(|index| number(data, size(index) * WORD, WORD));
        self.free.extend(pages);
        Ok(())
    }

    /// Marks pages as used; each is used once.
    fn claim(&mut self, first: u64, pages: u64) -> Checked<()> {
        for page in first..first.saturating_add(pages) {
            let word = self.used.get_mut(size(page / 64));
            let bit = 1_u64 << (page % 64);
            let Some(word) = word.filter(|_| (2..=self.last).contains(&page)) else {
                return Err(Fault::Damage(format!("page {page} is outside")));
            };
            ensure(*word & bit == 0, || format!("page {page} is used twice"))?;
            *word |= bit;
        }
        Ok(())
    }

    fn read(&self, page: u64, into: &mut [u8]) -> Checked<()> {
        let start = page.saturating_mul(self.page_bytes as u64);
        Ok(self.file.read_exact_at(into, start)?)
    }
}

/// An entry of a page.
struct Node<'p> {
    flags: u64,
    key: &'p [u8],
    /// Bytes of the data.
    bytes: usize,
    /// The page behind the key; the data begins there.
    rest: &'p [u8],
    /// The page it leads to, in a branch.
    child: u64,
}

impl<'p> Node<'p> {
    /// Reads the node whose place stands at `slot`; none when it is out of bounds.
    fn read(page: &'p [u8], slot: usize, upper: u64) -> Option<Self> {
        let at = number(page, slot, 2);
        let node = page
            .get(size(at)..)
            .filter(|node| at >= upper && node.len() >= NODE)?;
        let low = number(node, 0, 4);
        let flags = number(node, 4, 2);
        let end = NODE + size(number(node, 6, 2));
        Some(Self {
            flags,
            key: node.get(NODE..end)?,
            bytes: size(low),
            rest: node.get(end..)?,
            child: if WORD == 8 { low | flags << 32 } else { low },
        })
    }
}

fn ensure(sound: bool, what: impl FnOnce() -> String) -> Checked<()> {
    if sound { Ok(()) } else { Err(Fault::Damage(what())) }
}

/// A little endian number of up to eight bytes; what is outside counts as zero.
fn number(bytes: &[u8], at: usize, length: usize) -> u64 {
    let bytes = bytes.iter().skip(at).take(length);
    bytes.rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

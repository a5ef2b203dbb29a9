// The folders of games: their order, and what is sent when one comes or goes.

import assert from "node:assert/strict";
import { applyCommand } from "../../src/api/mock/commands.ts";
import {
  furtherFolders,
  gameFolder,
  gamesFolders,
  roomBytes,
  withoutFolder,
} from "../../src/state/folders.ts";
import { game, snapshot } from "../support/games.ts";

const dir = (path: string) => ({ path, problem: null, free_bytes: 1 });

Deno.test("the folder for new games stands first, the others in their order", () => {
  const { me } = snapshot();
  const both = { ...me, games_dir: "/a", more_games_dirs: [dir("/c"), dir("/b")] };
  assert.deepEqual(gamesFolders(both).map(({ path, isFirst }) => [path, isFirst]), [
    ["/a", true],
    ["/c", false],
    ["/b", false],
  ]);
  assert.deepEqual(furtherFolders(both), ["/c", "/b"]);
  assert.deepEqual(withoutFolder(both, "/c"), ["/b"]);
  assert.deepEqual(withoutFolder(both, "/a"), ["/c", "/b"]);
});

Deno.test("a further game has the room of the roomiest folder that can be used", () => {
  const { me } = snapshot();
  const problem = { fault: "gone", message: "" } as const;
  const more = [dir("/b"), { ...dir("/c"), free_bytes: 9 }, {
    ...dir("/d"),
    free_bytes: 99,
    problem,
  }];
  const of = (free_bytes: number | null) => roomBytes({ ...me, free_bytes, more_games_dirs: more });
  assert.deepEqual([of(null), of(3), of(10)], [9, 9, 10]);
  assert.equal(roomBytes({ ...me, free_bytes: null, more_games_dirs: [] }), null);
});

Deno.test("a further folder that is put first changes places with the first", () => {
  const state = snapshot();
  const me = { ...state.me, games_dir: "/a", more_games_dirs: [dir("/b"), dir("/c")] };
  const patch = applyCommand({ ...state, me }, { cmd: "set-game-dir", path: "/c" });
  assert.deepEqual(gamesFolders(patch.me!).map(({ path }) => path), ["/c", "/b", "/a"]);
});

Deno.test("a question names the folder in which the game lies", () => {
  const me = { ...snapshot().me, games_dir: "/a" };
  assert.equal(gameFolder(me, "chess", null), "/a/chess");
  assert.equal(gameFolder(me, "chess", game("chess", { games_dir: null })), "/a/chess");
  assert.equal(gameFolder(me, "chess", game("chess", { games_dir: "/b" })), "/b/chess");
});

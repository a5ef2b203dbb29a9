// What pictures are taken of.
//
// Invariant: every scenario of the mock is among it. It knows no browser, so that a test can look.

import type { ScenarioName } from "../../src/api/mock/scenarios.ts";

/** A scenario, the part of the page that is looked at, and a short name for it. */
export type Place = [scenario: ScenarioName, hash: string, name: string];

/** Every view of the party that most people will see. */
export const MAIN: Place[] = [
  ["party", "#/library", "library"],
  ["party", "#/library?game=0ad", "game-running"],
  ["party", "#/library?game=teeworlds", "game-ready"],
  ["party", "#/transfers", "transfers"],
  ["party", "#/party", "party"],
  ["party", "#/logs", "logs-unpacking"],
  ["party", "#/logs?log=games", "logs-games"],
  ["party", "#/logs?log=program", "logs-program"],
  ["party", "#/help", "help"],
  ["party", "#/settings", "settings"],
];

/** What is otherwise hard to come by. */
export const PLAYED: Place[] = [
  ["empty", "#/library", "library"],
  ["dozen", "#/library", "library"],
  ["many", "#/library", "library"],
  ["many", "#/party", "party"],
  ["huge", "#/library?filter=others", "library"],
  ["stalled", "#/transfers", "transfers"],
  ["failing", "#/transfers", "transfers"],
  ["failing", "#/library?game=openarena", "game"],
  ["party", "#/library?game=xonotic", "game-offers"],
  ["party", "#/library?words=qqqq", "no-hits"],
  ["party", "#/library?words=supertxkart", "search"],
  ["talk", "#/party", "party"],
  ["talk", "#/library", "heard"],
  ["rtl", "#/party", "party"],
  ["guest", "#/party", "party"],
  ["no-peers", "#/help", "help"],
  ["no-peers", "#/party", "party"],
  ["no-folder", "#/help", "help"],
  ["folder-awaited", "#/library", "library"],
  ["more-folder-gone", "#/library", "library"],
  ["more-folder-gone", "#/help", "help"],
  ["more-folder-gone", "#/settings", "settings"],
  ["multicast-blocked", "#/help", "help"],
  ["read-only", "#/help", "help"],
  ["read-only", "#/library", "library"],
  ["no-network", "#/help", "help"],
  ["slow-clock", "#/help", "help"],
  ["nearly-full", "#/help", "help"],
  ["nearly-full", "#/transfers", "transfers"],
  ["nearly-full", "#/party", "party"],
  ["long-titles", "#/library", "library"],
  ["long-titles", "#/party", "party"],
  ["long-titles", "#/library?game=0ad", "game"],
  ["rtl", "#/library", "library"],
  ["rtl", "#/transfers", "transfers"],
  ["errors", "#/library", "library"],
  ["lost", "#/library", "library"],
  ["guest", "#/library", "library"],
  ["guest", "#/library?game=teeworlds", "game"],
  ["guest", "#/help", "help"],
  ["first-run", "", "first-run"],
  ["first-run-dropped", "", "first-run"],
  ["dropped", "#/library", "dropped"],
  ["restart-needed", "#/settings", "settings"],
  ["queue", "#/transfers", "transfers"],
  ["evening", "#/party", "party"],
  ["queue", "#/library?game=nexuiz", "game-paused"],
  ["stalled", "#/library?game=nexuiz", "game-unfinished"],
  ["hashing", "#/library", "library"],
  ["hashing", "#/library?game=hedgewars", "game"],
  ["browser", "#/settings", "settings"],
  ["code-given", "#/settings", "settings"],
  ["elsewhere", "#/library?game=teeworlds", "game"],
  ["elsewhere", "#/settings", "settings"],
  ["full", "#/library", "library"],
  ["refused", "#/library", "library"],
];

/** What the peer tells, in the reader's language. */
export const TOLD: Place[] = [
  ["waiting", "#/transfers", "transfers"],
  ["told", "#/help", "help"],
  ["told", "#/transfers", "transfers"],
  ["told", "#/party", "party"],
  ["told", "#/library?game=teeworlds", "game"],
  ["errors", "#/library", "refused"],
  ["failing", "#/library?game=openarena", "game-failed"],
  ["no-folder", "#/help", "folder"],
  ["multicast-blocked", "#/help", "discovery"],
];

/* The memory game by the rules of rnncourse.data.memory_game, and players with a memory of a fixed size. */

/* Numbers from 0 to 1 that look random, the same for the same seed (mulberry32). */
function luckOf(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function shuffled(list, luck) {
  const deck = [...list];
  for (let k = deck.length - 1; k > 0; k--) {
    const other = Math.floor(luck() * (k + 1));
    [deck[k], deck[other]] = [deck[other], deck[k]];
  }
  return deck;
}

/* The memory after a card: first in, first out, at most `remembered` places. */
function keepCard(state, place, remembered) {
  if (state.includes(place)) return state;
  const kept = [...state, place];
  return kept.slice(Math.max(kept.length - remembered, 0));
}

/* The first card of a move, and its partner where that one is remembered. unknown(known): any other card. */
function firstCard(deck, state, unknown) {
  const partnerOf = (place) => state.find((other) => deck[other] === deck[place] && other !== place);
  const known = state.find((place) => partnerOf(place) !== undefined);
  const first = known ?? unknown(state);
  return [first, partnerOf(first)];
}

/* A whole game: for each card turned its place, the memory after it, what dropped out, and whether a pair was taken.
   deck: the picture at each place. luck(): a number from 0 to 1, asked whenever she does not know better. */
function playGame(deck, remembered, luck) {
  const game = { places: [], states: [], dropped: [], taken: [] };
  let [table, state] = [deck.map((_, place) => place), []];
  const unknown = (known) => {
    const left = table.filter((place) => !known.includes(place));
    return left[Math.floor(luck() * left.length)];
  };
  const turn = (place, taken) => {
    const before = state;
    state = keepCard(state, place, remembered);
    const pair = taken ? [game.places.at(-1), place] : [];
    game.dropped.push(before.filter((one) => !state.includes(one) && !pair.includes(one)));
    if (taken) {
      table = table.filter((one) => !pair.includes(one));
      state = state.filter((one) => !pair.includes(one));
    }
    game.places.push(place);
    game.states.push(state);
    game.taken.push(taken);
  };
  while (table.length) {
    const [first, partner] = firstCard(deck, state, unknown);
    const second = partner ?? unknown([...state, first]);
    turn(first, false);
    turn(second, deck[first] === deck[second]);
  }
  return game;
}

/* Where a game stands after the cards at `places` were turned, two a move: what is gone, what lies face up. */
function tableAfter(deck, places) {
  const gone = deck.map(() => false);
  for (let k = 1; k < places.length; k += 2) {
    if (deck[places[k]] === deck[places[k - 1]]) gone[places[k]] = gone[places[k - 1]] = true;
  }
  const up = places.slice(places.length % 2 ? -1 : -2);
  return { gone, up, moves: Math.floor(places.length / 2), over: gone.every(Boolean) };
}

/* Whether a reader may turn the card at a place now. */
function mayTurn(deck, places, place) {
  const { gone } = tableAfter(deck, places);
  return !gone[place] && !(places.length % 2 && places.at(-1) === place);
}

/* Moves of players who remember `remembered` cards, over that many deals. */
function movesOverDeals(cards, remembered, deals, seed) {
  const luck = luckOf(seed);
  return Array.from({ length: deals }, () => playGame(shuffled(cards, luck), remembered, luck).places.length / 2);
}

function meanOf(numbers) {
  return numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
}

/* How many cards a player remembers whose games take as long as `moves`, on average: the nearest size. */
function memoryLike(means, moves) {
  const off = means.map((one) => Math.abs(Math.log(one / moves)));
  return off.indexOf(Math.min(...off));
}

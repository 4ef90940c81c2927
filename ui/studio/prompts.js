// In what order somebody is asked for takes: every word with one affect, then with the next, and all of it again.

export const cell = (sign, emotion) => `${sign}|${emotion}`;

function shuffle(list) {
  const found = [...list];
  for (let i = found.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1));
    [found[i], found[j]] = [found[j], found[i]];
  }
  return found;
}

// project: words, emotions, repetitions; counts: cell → takes that are there or on their way. Gives {sign, emotion} in
// order.
export function missingPrompts(project, counts) {
  const found = [];
  for (let n = 0; n < project.repetitions; n++) {
    for (const emotion of project.emotions) {
      const words = project.words.filter((word) => (counts.get(cell(word.id, emotion)) || 0) <= n);
      found.push(...shuffle(words).map((word) => ({ sign: word.id, emotion, round: n })));
    }
  }
  return found;
}

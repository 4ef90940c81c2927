// The emotion network's answer as calibrated probabilities, as kslr/core/calibration.py makes them. Of all that the
// network tells, `first` is where the emotions begin; there are as many as biases.
export function calibrate(row, { first, temperature, bias }) {
  const shares = bias.map((_, i) => Math.min(1, Math.max(1e-12, row[first + i])));
  const logits = shares.map((share, i) => Math.log(share) / temperature + bias[i]);
  const most = Math.max(...logits), odds = logits.map((value) => Math.exp(value - most));
  const sum = odds.reduce((total, value) => total + value, 0);
  return odds.map((value) => value / sum);
}

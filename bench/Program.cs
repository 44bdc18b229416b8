using Bench;
using Bench.Decoding;
using Bench.Dispatching;
using Bench.PostgresWriting;
using Bench.RedisStreams;
using Bench.Replaying;
using Bench.Sqlite;
using Bench.WholeFirehose;

// One line for each; `dotnet run -c Release --project bench -- NAME`.
IBenchmark[] benchmarks =
[
    new DecodingBenchmark(),
    new DispatcherBenchmark(),
    new SqliteBenchmark(),
    new RedisBenchmark(),
    new ReplayBenchmark(),
    new WholeFirehoseBenchmark(),
    new PostgresWriterBenchmark(),
];

var benchmark = args.Length == 0 ? null : benchmarks.FirstOrDefault(candidate => candidate.Name == args[0]);
if (benchmark is not null) return await benchmark.RunAsync(args[1..], CancellationToken.None);

Console.Error.WriteLine(args.Length == 0 ? "Which benchmark?" : $"There is no benchmark \"{args[0]}\".");
foreach (var candidate in benchmarks) Console.Error.WriteLine($"  {candidate.Name,-12} {candidate.Summary}");
return 2;

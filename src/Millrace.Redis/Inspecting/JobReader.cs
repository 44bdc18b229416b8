using System.Globalization;
using Millrace.Redis.Messages;
using Millrace.Sources;
using Millrace.Storage;
using StackExchange.Redis;

namespace Millrace.Redis.Inspecting;

/// <summary>Reads the records of jobs as the scripts return them: names and values in turns, and the list of errors.</summary>
internal static class JobReader
{
    /// <summary>The answer of the script that finds one job, or null.</summary>
    public static Job? ReadJob(RedisResult answer, string queue, string id)
    {
        if (answer.IsNull) return null;
        var parts = (RedisResult[])answer!;
        var record = ReadRecord(parts[0]);
        var state = StateOf(record.Text("state"), record.Number("final"));
        return new Job
        {
            Id = id,
            Queue = queue,
            State = state,
            Kind = record.Text("kind") ?? "",
            Key = record.Text("key"),
            Tenant = record.Text("tenant"),
            Attempts = (int)record.Number("attempts"),
            Crashes = (int)record.Number("crashes"),
            Snoozes = (int)record.Number("snoozes"),
            Token = record.Number("token"),
            EnqueuedAt = Time(record.Number("at")),
            DueAt = state == JobState.Delayed ? Time(record.Number("due")) : null,
            FinishedAt = record.Number("finished") is > 0 and var finished ? Time(finished) : state == JobState.Dead ? Time(record.Number("died")) : null,
            Errors = ReadErrors(parts[1]),
            RequeuedFrom = record.Text("from") is { } from ? EntryId.ToJob(queue, from) : null,
        };
    }

    public static JobState StateOf(string? state, long final = 0) => state switch
    {
        "ready" or "held" => JobState.Waiting,
        "delayed" or "parked" => JobState.Delayed,
        "leased" => JobState.Leased,
        "dead" => JobState.Dead,
        _ => (JobState)final,
    };

    /// <summary>One row of the script that lists dead letters.</summary>
    public static DeadLetter ReadDeadLetter(RedisResult[] row, string queue, string stream)
    {
        var record = ReadRecord(row[2]);
        var entry = (string)row[1]!;
        return new DeadLetter
        {
            Id = EntryId.ToJob(queue, entry),
            Queue = queue,
            Kind = record.Text("kind") ?? "",
            Body = record.Bytes("body"),
            Key = record.Text("key"),
            Tenant = record.Text("tenant"),
            Headers = record.Bytes("headers") is { Length: > 0 } headers ? HeadersText.Read(headers) : MessageHeaders.Empty,
            Reason = record.Text("reason") ?? "",
            Errors = ReadErrors(row[3]),
            Attempts = (int)record.Number("attempts"),
            Crashes = (int)record.Number("crashes"),
            Position = $"{stream} {entry}",
            EnqueuedAt = Time(record.Number("at")),
            DiedAt = Time(record.Number("died")),
            RequeuedFrom = record.Text("from") is { } from ? EntryId.ToJob(queue, from) : null,
            HoldsKey = record.Number("holds") == 1,
        };
    }

    private static AttemptError[] ReadErrors(RedisResult list) => [.. ((RedisValue[])list!).Select(error => ErrorText.Read((ReadOnlyMemory<byte>)error))];

    private static DateTimeOffset Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

    private static Record ReadRecord(RedisResult list)
    {
        var values = (RedisValue[])list!;
        var fields = new Dictionary<string, RedisValue>(StringComparer.Ordinal);
        for (var i = 0; i + 1 < values.Length; i += 2) fields[(string)values[i]!] = values[i + 1];
        return new Record(fields);
    }

    private readonly struct Record(Dictionary<string, RedisValue> fields)
    {
        public string? Text(string name) => fields.TryGetValue(name, out var value) && !value.IsNullOrEmpty ? (string?)value : null;

        public long Number(string name) => fields.TryGetValue(name, out var value) && long.TryParse((string?)value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : 0;

        public ReadOnlyMemory<byte> Bytes(string name) => fields.TryGetValue(name, out var value) && !value.IsNull ? (ReadOnlyMemory<byte>)value : default;
    }
}

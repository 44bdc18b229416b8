using Millrace.Redis.Messages;
using Millrace.Sources;
using StackExchange.Redis;

namespace Millrace.Redis.Fetching;

/// <summary>Makes deliveries of what the server answers.</summary>
internal sealed class FetchReader(string queue)
{
    private Claim _new = new("", IsNew: true), _known = new("", IsNew: false);

    /// <summary>The answer of the fetch script.</summary>
    public Fetched Read(RedisResult answer)
    {
        var parts = (RedisResult[])answer!;
        var owner = (string)parts[0]!;
        Follow(owner);
        var items = (RedisResult[])parts[7]!;
        var deliveries = new List<Delivery>(items.Length);
        List<Delivery>? foreign = null;
        List<string>? suspects = null;
        foreach (var item in items)
        {
            var row = (RedisResult[])item!;
            var delivery = row.Length == 2 ? ReadNew(row, out var ours) : ReadKnown(row, ref suspects, out ours);
            if (ours) deliveries.Add(delivery);
            else (foreign ??= []).Add(delivery);
        }

        var next = (long)parts[1];
        return new Fetched
        {
            Owner = owner,
            Deliveries = deliveries,
            Foreign = foreign,
            Suspects = suspects ?? (IReadOnlyList<string>)[],
            Sleep = items.Length > 0 ? null : new SleepAt((string)parts[2]!, (string)parts[3]!, next < 0 ? null : TimeSpan.FromMilliseconds(next)),
            Lost = (string[])parts[4]!,
            TakenBack = (long)parts[5],
            Crashed = (long)parts[6],
            Alone = (int)parts[8] == 1,
        };
    }

    /// <summary>The answer of a plain XREADGROUP.</summary>
    public Fetched Read(StreamEntry[] entries, string owner)
    {
        Follow(owner);
        var deliveries = new List<Delivery>(entries.Length);
        List<Delivery>? foreign = null;
        foreach (var entry in entries)
        {
            var fields = default(MessageFields);
            foreach (var field in entry.Values) fields.Read(field.Name, field.Value);
            var delivery = New((string)entry.Id!, fields);
            if (fields.IsOurs) deliveries.Add(delivery);
            else (foreign ??= []).Add(delivery);
        }

        return new Fetched { Owner = owner, Deliveries = deliveries, Foreign = foreign };
    }

    private void Follow(string owner)
    {
        if (_new.Owner == owner) return;
        _new = new Claim(owner, IsNew: true);
        _known = new Claim(owner, IsNew: false);
    }

    private Delivery ReadNew(RedisResult[] row, out bool ours)
    {
        var fields = ReadFields(row[1]);
        ours = fields.IsOurs;
        return New((string)row[0]!, fields);
    }

    private Delivery New(string entry, MessageFields fields) => new(EntryId.ToJob(queue, entry))
    {
        Queue = queue,
        Body = fields.Body,
        Key = fields.Key,
        Tenant = fields.Tenant,
        Kind = fields.Kind ?? "",
        Headers = fields.Headers ?? MessageHeaders.Empty,
        EnqueuedAt = EntryId.TimeOf(entry),
        RequeuedFrom = RequeuedFrom(fields),
        Token = 1,
        Receipt = _new,
    };

    private Delivery ReadKnown(RedisResult[] row, ref List<string>? suspects, out bool ours)
    {
        var fields = ReadFields(row[1]);
        ours = fields.IsOurs;
        var id = EntryId.ToJob(queue, (string)row[0]!);
        if ((int)row[6] > 0) (suspects ??= []).Add(id);
        return new Delivery(id)
        {
            Queue = queue,
            Body = fields.Body,
            Key = fields.Key,
            Tenant = fields.Tenant,
            Kind = fields.Kind ?? "",
            Headers = fields.Headers ?? MessageHeaders.Empty,
            Token = (long)row[2],
            Attempt = (int)row[3] + 1,
            Crashes = (int)row[4],
            Snoozes = (int)row[5],
            EnqueuedAt = DateTimeOffset.FromUnixTimeMilliseconds((long)row[7]),
            RequeuedFrom = RequeuedFrom(fields),
            Receipt = _known,
        };
    }

    private string? RequeuedFrom(MessageFields fields) => fields.RequeuedFrom is { } entry ? EntryId.ToJob(queue, entry) : null;

    private static MessageFields ReadFields(RedisResult list)
    {
        var fields = default(MessageFields);
        var values = (RedisResult[])list!;
        for (var i = 0; i + 1 < values.Length; i += 2) fields.Read((RedisValue)values[i], (RedisValue)values[i + 1]);
        return fields;
    }
}

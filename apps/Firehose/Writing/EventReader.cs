using System.Text;
using Firehose.Decoding;
using Firehose.Records;
using Firehose.Storage;
using Millrace.Sources;

namespace Firehose.Writing;

/// <summary>Makes of a queued body the event that a store applies.</summary>
internal static class EventReader
{
    private const int MaxReason = 4 * 1024;

    /// <summary>Reads the body and the records of its handled collections; a record that does not fit is noted, not thrown.</summary>
    /// <exception cref="DecodingException">The body is none.</exception>
    public static FirehoseEvent Read(ReadOnlyMemory<byte> body, Delivery delivery)
    {
        var frame = FrameBody.Read(body);
        return new FirehoseEvent
        {
            Frame = frame,
            Delivery = delivery.Id,
            Requeued = delivery.RequeuedFrom is not null,
            Changes = ReadChanges(frame),
        };
    }

    /// <summary>The reason of the dead letter: how many records, then each with its URI, clipped to 4 KiB.</summary>
    public static string Faults(FirehoseEvent rejected)
    {
        var bad = rejected.Changes.Where(change => change.Fault is not null).ToList();
        var reason = new StringBuilder($"REC001 {bad.Count} of {rejected.Changes.Count} records do not fit their table; the rest is stored. ");
        reason.AppendJoin("; ", bad.Select(change => $"{change.Uri}: {change.Fault}"));
        if (reason.Length > MaxReason) reason.Length = MaxReason;
        return reason.ToString();
    }

    private static List<RecordChange> ReadChanges(Frame frame)
    {
        if (frame.Ops.Count == 0) return [];
        var changes = new List<RecordChange>(frame.Ops.Count);
        for (var i = 0; i < frame.Ops.Count; i++)
        {
            var op = frame.Ops[i];
            if (RecordTables.Of(op.Collection) is { } table) changes.Add(ReadChange(frame.Did, op, table));
        }
        return changes;
    }

    private static RecordChange ReadChange(string did, RepoOp op, RecordTable table)
    {
        var uri = $"at://{did}/{op.Collection}/{op.RecordKey}";
        if (op.Action == RepoAction.Delete) return new(table, uri, op.Action, default, null, null);
        if (table == RecordTable.Profiles && op.RecordKey != "self") return Unfit($"a profile's key is \"self\", not \"{op.RecordKey}\"");
        try
        {
            return new(table, uri, op.Action, op.Cid, RecordReader.Read(op.Collection, op.Record), null);
        }
        catch (RecordException error)
        {
            return Unfit(error.Message);
        }

        RecordChange Unfit(string fault) => new(table, uri, op.Action, op.Cid, null, fault);
    }
}
